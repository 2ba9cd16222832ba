package yardstick

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAdd adds the stages of two processes. A stage that only one of them measured stays as it is.
func TestAdd(t *testing.T) {
	newReport := func(runs ...StageRun) *StageReport {
		return &StageReport{Items: 3, Bytes: 9, Stream: 5, Stages: runs}
	}
	got := newReport(StageRun{Name: "read", CPU: 1, Bytes: 9}, StageRun{Name: "compress", Variant: ownLevel, CPU: 2, Bytes: 9, Out: 5}, StageRun{Name: "compress", Variant: "better", CPU: 8, Bytes: 9})
	got.Add(newReport(StageRun{Name: "read", CPU: 3, Bytes: 9}, StageRun{Name: "compress", Variant: ownLevel, CPU: 5, Bytes: 9, Out: 5}))
	want := newReport(StageRun{Name: "read", CPU: 4, Bytes: 18}, StageRun{Name: "compress", Variant: ownLevel, CPU: 7, Bytes: 18, Out: 10}, StageRun{Name: "compress", Variant: "better", CPU: 8, Bytes: 9})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
