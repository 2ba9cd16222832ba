package coverage

import (
	"strings"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/snapshots"
)

func TestOutcome(t *testing.T) {
	known := &snapshots.Acknowledgement{}
	short, failed := snapshots.Gap{}, snapshots.Failure{}
	for want, o := range map[string]Outcome{
		"complete": {State: manifest.StateComplete, Through: true},
		"complete with 22 items missing and 1 item failed": {
			State: manifest.StateComplete, Through: true, Counts: snapshots.Counts{Missing: 22, Failed: 1},
			Gaps: &snapshots.Gaps{Short: []snapshots.Gap{short}, Failures: []snapshots.Failure{failed}},
		},
		"complete with 1 item unconfirmed, acknowledged": {
			State: manifest.StateComplete, Through: true, Counts: snapshots.Counts{Unconfirmed: 1},
			Gaps: &snapshots.Gaps{Short: []snapshots.Gap{{Acknowledged: known}}, Acknowledged: snapshots.Acknowledged{Short: 1}},
		},
		"complete for its selection": {State: manifest.StatePartial, Through: true, Selected: true},
		"partial with 3 items missing and 1 folder refused, 1 of 2 gaps acknowledged": {
			State: manifest.StatePartial, Through: true, Selected: true, Counts: snapshots.Counts{Missing: 3},
			Gaps: &snapshots.Gaps{Refused: []snapshots.Gap{short}, Short: []snapshots.Gap{short}, Acknowledged: snapshots.Acknowledged{Short: 1}},
		},
		"partial with 80 items missing": {State: manifest.StatePartial, Counts: snapshots.Counts{Missing: 80}},
	} {
		if o.Gaps == nil {
			o.Gaps = &snapshots.Gaps{}
		}
		if got := o.String(); got != want {
			t.Errorf("outcome is %q, expected %q", got, want)
		}
	}
}

func TestEquation(t *testing.T) {
	for want, c := range map[string]snapshots.Counts{
		"1,000 counted by Graph = 1,000 held": {Counted: 1000, Held: 1000},
		"61 counted by Graph + 3 extra = 54 held + 4 left out + 2 failed + 1 gone + 3 missing; 1 of the failed and left out items are outdated": {
			Counted: 61, Extra: 3, Held: 54, LeftOut: 4, Failed: 2, Gone: 1, Missing: 3, Outdated: 1,
		},
		"8 counted by Graph = 8 held; 2 of the held items are unconfirmed": {Counted: 8, Held: 8, Unconfirmed: 2},
	} {
		if got := Equation(&c); got != want {
			t.Errorf("equation is %q, expected %q", got, want)
		}
	}
}

func TestFailureLine(t *testing.T) {
	f := snapshots.Failure{
		ID: "AQ1", Path: []string{"In/box", "Offers"}, Code: "ErrorCorruptData", Message: "cannot", Attempts: 3, Runs: 1, Held: true, Type: "IPM.Note",
		Properties: manifest.Properties{Subject: strings.Repeat("é", 100), Sender: &manifest.Address{Name: "Megan", Address: "megan@contoso.com"},
			ReceivedDateTime: time.Date(2026, 11, 23, 9, 5, 0, 0, time.UTC)},
	}
	want := `"` + strings.Repeat("é", maxSubject-1) + `…" from megan@contoso.com, 2026-11-23 09:05, in In\/box/Offers: ` +
		`ErrorCorruptData: cannot (3 attempts in 1 run); outdated: an older version is held`
	if got := describeFailure(&f); got != want {
		t.Errorf("failure is %s, expected %s", got, want)
	}
	f = snapshots.Failure{Path: []string{"Inbox"}, Code: "NoData", Attempts: 1, Runs: 1, Type: "IPM.Contact", CreatedDateTime: time.Unix(0, 0).UTC()}
	if got, want := describeFailure(&f), "IPM.Contact, 1970-01-01 00:00, in Inbox: NoData (1 attempt in 1 run)"; got != want {
		t.Errorf("failure is %s, expected %s", got, want)
	}
}
