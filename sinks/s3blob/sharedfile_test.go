package s3blob

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadSection(t *testing.T) {
	type settings = map[string]string
	for name, c := range map[string]struct {
		file string
		want settings
	}{
		"settings":           {"[p]\nregion = x\nrole_arn=arn:aws:iam::1:role/r\n", settings{"region": "x", "role_arn": "arn:aws:iam::1:role/r"}},
		"no section":         {"[q]\nregion = x\n", nil},
		"empty section":      {"[p]\n[q]\nregion = x\n", settings{}},
		"section twice":      {"[p]\na = 1\nb = 1\n[q]\na = 2\n[p]\nb = 3\n", settings{"a": "1", "b": "3"}},
		"comments":           {"# a\n; b\n[p] # c\na = 1 ; d\nb = x#y;z\n", settings{"a": "1", "b": "x#y;z"}},
		"nested settings":    {"[p]\ns3 =\n  region = z\n\tno setting\nregion = x\n", settings{"s3": "", "region": "x"}},
		"indented settings":  {" [p]\n  region = x\n  b = y\n", settings{"region": "x", "b": "y"}},
		"Windows":            {"\ufeff[p]\r\nregion = x\r\n", settings{"region": "x"}},
		"spaces":             {"[ p ]\n\n  \nregion  =  x y  \n", settings{"region": "x y"}},
		"value with a colon": {"[p]\nendpoint_url = http://127.0.0.1:9000/?a=b\n", settings{"endpoint_url": "http://127.0.0.1:9000/?a=b"}},
		"colons":             {"[p]\nregion: x\n", settings{"region": "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readSection(strings.NewReader(c.file), "p")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for name, file := range map[string]string{
		"no setting": "[p]\nregion\n", "no name": "[p]\n= x\n", "open header": "[p\n", "endless line": "[p]\na = " + strings.Repeat("x", 1<<20),
	} {
		if got, err := readSection(strings.NewReader(file), "p"); err == nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func FuzzReadSection(f *testing.F) {
	f.Add("[p]\nregion = x # y\ns3 =\n  a = b\n")
	f.Fuzz(func(t *testing.T, file string) {
		got, err := readSection(strings.NewReader(file), "p")
		if err != nil {
			return
		}
		for name, value := range got {
			if name == "" || name != strings.TrimSpace(name) || value != strings.TrimSpace(value) {
				t.Errorf("setting %q is %q", name, value)
			}
		}
	})
}
