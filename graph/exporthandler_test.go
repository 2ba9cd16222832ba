package graph_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/graph"
)

// A results is an ExportHandler that keeps the result of each id. It checks that an id has one
// result, and that streams are those of the items.
type results struct {
	t       *testing.T
	data    bytes.Buffer
	of      map[string]string // "exported", "gone", or the code of the failure
	failed  map[string]graph.ItemError
	refuse  error // what every call returns
	discard int
}

func newResults(t *testing.T) *results {
	return &results{t: t, of: map[string]string{}, failed: map[string]graph.ItemError{}}
}

// Room returns memory outside the buffer every other time. Data copies from it.
func (v *results) Room(n int) []byte {
	if v.data.Len()%2 == 0 {
		return nil
	}
	return make([]byte, n)
}

func (v *results) Data(p []byte) error {
	v.data.Write(p)
	return v.refuse
}

func (v *results) Discard() {
	v.discard++
	v.data.Reset()
}

func (v *results) Exported(id, changeKey string) error {
	if v.data.String() != stream(id) || changeKey != "ck" {
		v.t.Errorf("item %s came as %d bytes with change key %q", id, v.data.Len(), changeKey)
	}
	return v.end(id, "exported")
}

func (v *results) Failed(id string, e graph.ItemError) error {
	if e.Attempts < 1 || e.Message == "" {
		v.t.Errorf("item %s failed with %+v", id, e)
	}
	v.failed[id] = e
	return v.end(id, e.Code)
}

func (v *results) Gone(id string) error { return v.end(id, "gone") }

func (v *results) end(id, result string) error {
	if v.of[id] != "" {
		v.t.Errorf("item %s is %s after it was %s", id, result, v.of[id])
	}
	if result != "exported" && v.data.Len() > 0 {
		v.t.Errorf("item %s is %s with %d bytes before it", id, result, v.data.Len())
	}
	v.data.Reset()
	v.of[id] = result
	return v.refuse
}

// expect compares the results with want. All other ids are exported.
func (v *results) expect(ids []string, want map[string]string) {
	v.t.Helper()
	all := map[string]string{}
	for _, id := range ids {
		all[id] = "exported"
	}
	for id, result := range want {
		all[id] = result
	}
	if diff := cmp.Diff(all, v.of); diff != "" {
		v.t.Errorf("results (-want +got):\n%s", diff)
	}
}

// someIDs returns n ids with characters that JSON and URLs escape.
func someIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("AQ+/%c<&>=", 'a'+i)
	}
	return ids
}
