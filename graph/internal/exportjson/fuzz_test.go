package exportjson_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/graph/internal/exportjson"
)

var seeds = []string{
	`{"@odata.context":"x","value":[{"itemId":"a","changeKey":"b","data":"AAEC"}],"@odata.nextLink":"n"}`,
	`{"value":[{"data":"AAEC","itemId":"a"},{"itemId":"b","Error":{"message":"m","code":"c","x":[1]}}]}`,
	`{"value":[{"itemid":"a","DATA":"AA==","ERROR":null},null,{}]}`,
	`{"value":[{"data":"AAEC","data":"AwQF"},{"data":"AAEC","data":null},{"data":"AAEC","data":""}]}`,
	`{"value":[{"data":"AAEC","data":"!"},{"itemId":"b","data":"AAEC"}]}`,
	`{"value":[{"itemId":"a","itemId":null,"changeKey":1}]}`,
	`{"value":[{"error":{"code":"a"},"Error":{"message":"b"}},{"error":{},"error":null}]}`,
	`{"value":[{"\u0069tem\u0049d":"\ud83d\ude00\ud83dx","d\u0061ta":"AA\u002b\/\r\nAA=\u003d\n"}]}`,
	"{\"value\":[{\"chan\u212aey\":\"k\",\"itemId\":\"\xff\"}]}",
	`{"value":[{"changeKey":"kelvin"}],"VALUE":[{"itemId":"again"}],"value":null}`,
	`{"value":[{"data":[1,2]},{"data":{}},{"data":1},{"data":true}]}`,
	`{"value":[1,"a",[],true,{"itemId":"a","data":"AAEC"}]}`,
	`{"value":{}}`, `{"value":1}`, `null`, `[]`, `1`, `""`, ``, ` `, `{}x`, "\ufeff{}", `{"value":[]} `,
	`{"a":{"b":[1,-0.5e+3,true,false,null,"\"\\\b\f\n\r\t"]},"value":[{"x":[[{}]]}]}`,
	`{"a":01}`, `{"a":1.}`, `{"a":-}`, `{"a":1e}`, `{"a":+1}`, `{"a":.5}`, `{"a":1,}`, `{"a":[1,]}`, `{,}`, `{"a" 1}`, `{a:1}`,
	`{"a":"` + "\x01" + `"}`, `{"a":"\x"}`, `{"a":"\u12g4"}`, `{"a":tru}`, `{"a":nulll}`,
	`{"value":[{"data":"AA=A"},{"data":"A==="},{"data":"AA==AAAA"},{"data":"AAA"},{"data":"AA=\n="},{"data":"AA==\r\n"}]}`,
	"{\"value\":[{\"data\":\"AA\nAA\"}]}",
	`{"value":[{"itemId":"a","data":"AAEC"},{"itemId":"b","da`,
	`{"value":[{"itemId":"a","data":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="}]}`,
}

// FuzzReader compares what a Reader returns with what encoding/json returns, for responses that
// arrive in pieces of any size.
func FuzzReader(f *testing.F) {
	for i, s := range seeds {
		f.Add([]byte(s), uint8(i), uint8(i*7))
	}
	f.Fuzz(func(t *testing.T, response []byte, bufferSize, readSize uint8) {
		if len(response) > 48<<10 {
			t.Skip("longer than the longest id")
		}
		r := exportjson.NewReaderSize(int(bufferSize))
		check(t, response, readAll(r, &sizedReader{bytes.NewReader(response), int(readSize) + 1}))
	})
}

// check compares got with the model.
func check(t *testing.T, response []byte, got result) {
	t.Helper()
	want := unmarshal(response)
	if got.refused() != (want.Err != nil) {
		t.Fatalf("%q: got %+v, encoding/json %v", response, got, want.Err)
	}
	if want.Err == nil {
		if diff := cmp.Diff(want.Elements, got.Elements); diff != "" {
			t.Fatalf("%q (-encoding/json +got):\n%s", response, diff)
		}
	}
	if got.Err == nil {
		return
	}
	var syntax *exportjson.SyntaxError
	if !errors.As(got.Err, &syntax) || syntax.Offset < 0 || syntax.Offset > int64(len(response)) {
		t.Fatalf("%q: %v has no offset", response, got.Err)
	}
}

// TestSeeds reads every seed in pieces of all sizes, and every prefix of it.
func TestSeeds(t *testing.T) {
	for _, s := range seeds {
		for _, bufferSize := range []int{1, 13, 16, 31, 64, 4096} {
			r := exportjson.NewReaderSize(bufferSize)
			for readSize := 1; readSize <= 40; readSize++ {
				check(t, []byte(s), readAll(r, &sizedReader{bytes.NewReader([]byte(s)), readSize}))
			}
			for n := range len(s) {
				check(t, []byte(s[:n]), readAll(r, bytes.NewReader([]byte(s[:n]))))
			}
		}
	}
}
