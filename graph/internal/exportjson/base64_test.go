package exportjson_test

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/mailhaul/mailhaul/graph/internal/exportjson"
)

// TestBase64Corruption checks that a text with any byte at any index is accepted exactly if
// encoding/base64 accepts it. The texts are long enough for vector instructions, and have every
// length modulo the length of a vector.
func TestBase64Corruption(t *testing.T) {
	for length := 93; length < 93+24; length++ {
		text := []byte(base64.StdEncoding.EncodeToString(random(length)))
		for at := range text {
			was := text[at]
			for c := range 256 {
				text[at] = byte(c)
				checkBase64(t, text)
			}
			text[at] = was
		}
	}
}

func checkBase64(t *testing.T, text []byte) {
	t.Helper()
	want := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(want, text)
	got, bad := exportjson.DecodeBase64(text)
	if (bad >= 0) != (err != nil) {
		t.Fatalf("%q: refused at %d, encoding/base64: %v", text, bad, err)
	}
	if err == nil && !bytes.Equal(got, want[:n]) {
		t.Fatalf("%q: got %x, want %x", text, got, want[:n])
	}
}
