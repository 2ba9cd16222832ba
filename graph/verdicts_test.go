package graph_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/graph"
)

// Verdicts are an ExportHandler that keeps what became of each id, and holds the
// export to its word: one verdict an id, and streams that are the item's.
type verdicts struct {
	t       *testing.T
	data    bytes.Buffer
	of      map[string]string // "exported", "gone", or the code of the failure
	failed  map[string]graph.ItemError
	refuse  error // what every call returns
	discard int
}

func newVerdicts(t *testing.T) *verdicts {
	return &verdicts{t: t, of: map[string]string{}, failed: map[string]graph.ItemError{}}
}

// Room gives memory that the buffer does not know of: Data copies from it.
func (v *verdicts) Room(n int) []byte {
	if v.data.Len()%2 == 0 {
		return nil
	}
	return make([]byte, n)
}

func (v *verdicts) Data(p []byte) error {
	v.data.Write(p)
	return v.refuse
}

func (v *verdicts) Discard() {
	v.discard++
	v.data.Reset()
}

func (v *verdicts) Exported(id, changeKey string) error {
	if v.data.String() != stream(id) || changeKey != "ck" {
		v.t.Errorf("item %s came as %d bytes with change key %q", id, v.data.Len(), changeKey)
	}
	return v.end(id, "exported")
}

func (v *verdicts) Failed(id string, e graph.ItemError) error {
	if e.Attempts < 1 || e.Message == "" {
		v.t.Errorf("item %s failed with %+v", id, e)
	}
	v.failed[id] = e
	return v.end(id, e.Code)
}

func (v *verdicts) Gone(id string) error { return v.end(id, "gone") }

func (v *verdicts) end(id, verdict string) error {
	if v.of[id] != "" {
		v.t.Errorf("item %s is %s after it was %s", id, verdict, v.of[id])
	}
	if verdict != "exported" && v.data.Len() > 0 {
		v.t.Errorf("item %s is %s with %d bytes before it", id, verdict, v.data.Len())
	}
	v.data.Reset()
	v.of[id] = verdict
	return v.refuse
}

// expect compares the verdicts with those of want; all other ids are exported.
func (v *verdicts) expect(ids []string, want map[string]string) {
	v.t.Helper()
	all := map[string]string{}
	for _, id := range ids {
		all[id] = "exported"
	}
	for id, verdict := range want {
		all[id] = verdict
	}
	if diff := cmp.Diff(all, v.of); diff != "" {
		v.t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

// someIDs are n ids, as hard to write in JSON and URLs as Graph's.
func someIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("AQ+/%c<&>=", 'a'+i)
	}
	return ids
}
