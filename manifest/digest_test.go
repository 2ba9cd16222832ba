package manifest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/manifest"
)

// The digest of "abc", from FIPS 180-2.
const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

func TestDigestForms(t *testing.T) {
	d := manifest.SumOf([]byte("abc"))
	if d.Hex() != abc || d.String() != "sha256:"+abc {
		t.Fatalf("digest of abc reads %s and %s", d.Hex(), d)
	}
	data, err := json.Marshal(d)
	if err != nil || string(data) != `"sha256:`+abc+`"` {
		t.Fatalf("JSON is %s, %v", data, err)
	}
	var again manifest.Digest
	if err := json.Unmarshal(data, &again); err != nil || again != d {
		t.Fatalf("read back %v, %v", again, err)
	}
}

func TestDigestRefused(t *testing.T) {
	for _, s := range []string{
		"", abc, "sha256:", "sha256:" + abc[1:], "sha256:" + abc + "0", "sha256:" + strings.ToUpper(abc),
		"sha256:" + "z" + abc[1:], "sha512:" + abc, "sha256:" + strings.Repeat("0", 64),
	} {
		if d, err := manifest.ParseDigest(s); err == nil {
			t.Errorf("%q was read as %v", s, d)
		}
	}
	if _, err := json.Marshal(manifest.Digest{}); err == nil {
		t.Error("the zero digest was written")
	}
}
