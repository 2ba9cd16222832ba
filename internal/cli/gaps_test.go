package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/snapshots"
)

func TestOutcome(t *testing.T) {
	known := &snapshots.Acknowledgement{}
	short, failed := snapshots.Gap{}, snapshots.Failure{}
	for want, o := range map[string]outcome{
		"complete": {state: manifest.StateComplete, through: true},
		"complete with 22 items missing and 1 item failed": {
			state: manifest.StateComplete, through: true, counts: snapshots.Counts{Missing: 22, Failed: 1},
			gaps: &snapshots.Gaps{Short: []snapshots.Gap{short}, Failures: []snapshots.Failure{failed}},
		},
		"complete with 1 item unconfirmed, acknowledged": {
			state: manifest.StateComplete, through: true, counts: snapshots.Counts{Unconfirmed: 1},
			gaps: &snapshots.Gaps{Short: []snapshots.Gap{{Acknowledged: known}}, Acknowledged: snapshots.Acknowledged{Short: 1}},
		},
		"complete for its selection": {state: manifest.StatePartial, through: true, selected: true},
		"partial with 3 items missing and 1 folder refused, 1 of 2 gaps acknowledged": {
			state: manifest.StatePartial, through: true, selected: true, counts: snapshots.Counts{Missing: 3},
			gaps: &snapshots.Gaps{Refused: []snapshots.Gap{short}, Short: []snapshots.Gap{short}, Acknowledged: snapshots.Acknowledged{Short: 1}},
		},
		"partial with 80 items missing": {state: manifest.StatePartial, counts: snapshots.Counts{Missing: 80}},
	} {
		if o.gaps == nil {
			o.gaps = &snapshots.Gaps{}
		}
		if got := o.String(); got != want {
			t.Errorf("outcome is %q, expected %q", got, want)
		}
	}
}

func TestEquation(t *testing.T) {
	for want, c := range map[string]snapshots.Counts{
		"1,000 counted by Graph = 1,000 held": {Counted: 1000, Held: 1000},
		"61 counted by Graph + 3 extra = 54 held + 4 left out + 2 failed + 1 gone + 3 missing; 1 of these outdated": {
			Counted: 61, Extra: 3, Held: 54, LeftOut: 4, Failed: 2, Gone: 1, Missing: 3, Outdated: 1,
		},
		"8 counted by Graph = 8 held; 2 of those held unconfirmed": {Counted: 8, Held: 8, Unconfirmed: 2},
	} {
		if got := equation(&c); got != want {
			t.Errorf("equation is %q, expected %q", got, want)
		}
	}
}

// TestHostileNames: what a mailbox, Graph or a repository says moves no terminal's cursor.
func TestHostileNames(t *testing.T) {
	evil := "a\x1b[2J\r\n\u202eb\x00"
	gap := snapshots.Gap{Folder: evil, Path: []string{evil}, Error: evil, Code: evil, Acknowledged: &snapshots.Acknowledgement{By: evil, Reason: evil}}
	gaps := &snapshots.Gaps{Short: []snapshots.Gap{gap}, Refused: []snapshots.Gap{gap}, Failures: []snapshots.Failure{
		{ID: evil, Path: []string{evil}, Code: evil, Message: evil, Type: evil, Acknowledged: gap.Acknowledged},
		{ID: evil, Path: []string{evil}, Properties: manifest.Properties{Subject: evil, Sender: &manifest.Address{Name: evil}}},
		{ID: evil, Path: []string{evil}, Properties: manifest.Properties{Sender: &manifest.Address{Address: evil}}},
	}}
	ack := manifest.Ack{Mailbox: evil, Kind: manifest.AckRefused, Path: []string{evil}, Code: evil, By: evil, Reason: evil}
	failed := ack
	failed.Kind, failed.Item, failed.Subject = manifest.AckFailed, evil, evil
	var out bytes.Buffer
	a := &app{out: &out, width: 80}
	a.printGaps(gaps, true)
	for _, ack := range []snapshots.Ack{{Ack: ack, Revoked: &failed}, {Ack: failed}} {
		if err := a.printAck(&ack, "active", false); err != nil {
			t.Fatal(err)
		}
	}
	a.printRemedy(&mailboxReport{
		Mailbox: manifest.Mailbox{ID: evil}, Snapshots: []snapshots.Coverage{{Through: true, Gaps: snapshots.Gaps{Refused: []snapshots.Gap{{Folder: evil, Path: []string{evil}}}}}},
	}, evil)
	for i, c := range out.String() {
		if c != '\n' && !unicode.IsPrint(c) {
			t.Errorf("%U at %d is printed: %q", c, i, out.String())
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

// TestLine: lines fit a terminal, and stay whole where there is none.
func TestLine(t *testing.T) {
	text := strings.Repeat("words of text ", 30) + strings.Repeat("x", 100) + " end"
	var out bytes.Buffer
	a := &app{out: &out, width: 80}
	a.line("short", text)
	for _, line := range strings.Split(out.String(), "\n") {
		if utf8.RuneCountInString(line) > 80 && !strings.Contains(line, strings.Repeat("x", 100)) {
			t.Errorf("a line has %d characters: %q", utf8.RuneCountInString(line), line)
		}
	}
	if joined := strings.Join(strings.Fields(out.String()), " "); joined != "short "+text {
		t.Errorf("text is %q", joined)
	}
	out.Reset()
	a.width = 0
	a.line("short", text)
	if got := out.String(); got != "short     "+text+"\n" {
		t.Errorf("line is %q", got)
	}
}

func TestShellQuote(t *testing.T) {
	if got := shellQuote("It's $HOME"); got != `'It'\''s $HOME'` {
		t.Errorf("quoted is %s", got)
	}
}
