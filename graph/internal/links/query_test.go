package links_test

import (
	"testing"

	"github.com/mailhaul/mailhaul/graph/internal/links"
)

func TestEdit(t *testing.T) {
	for _, tt := range []struct {
		link   string
		size   int
		expand bool
		want   string
	}{
		{"http://x/items", 5, false, "http://x/items"},
		{"http://x/items?$skip=3", 5, false, "http://x/items?$skip=3"},
		{"http://x/items?$TOP=999&$skip=3", 5, true, "http://x/items?%24top=5&$skip=3"},
		{"http://x/items?%24top=999", 0, true, "http://x/items?%24top=999"},
		{"http://x/items?$expand=a&$select=b", 0, true, "http://x/items?$expand=a&$select=b"},
		{"http://x/items?%24Expand=a&$select=b", 0, false, "http://x/items?$select=b"},
		{"http://x/items?$expand=a", 0, false, "http://x/items"},
	} {
		if got := links.Edit(tt.link, tt.size, tt.expand); got != tt.want {
			t.Errorf("%s, size %d, expand %v: %s, want %s", tt.link, tt.size, tt.expand, got, tt.want)
		}
	}
}

func TestSkip(t *testing.T) {
	for link, want := range map[string]int{
		"http://x?$skip=7": 7, "http://x?%24SKIP=7&$top=1": 7, links.AddSkip("http://x", 3): 3, links.AddSkip("http://x?a=b", 4): 4,
		"http://x": -1, "http://x?$skip=-1": -1, "http://x?$skip=y": -1, "http://x?$skiptoken=7": -1,
	} {
		if got := links.Skip(link); got != want {
			t.Errorf("%s: %d, want %d", link, got, want)
		}
	}
}

func TestHasToken(t *testing.T) {
	for link, want := range map[string]bool{
		"http://x?$deltatoken=a": true, "http://x?%24SkipToken=a": true, "http://x?deltaToken=a": true,
		"http://x": false, "http://x?$deltatoken=": false, "http://x?token=a": false, "http://[": false,
	} {
		if got := links.HasToken(link); got != want {
			t.Errorf("%s: %v", link, got)
		}
	}
}
