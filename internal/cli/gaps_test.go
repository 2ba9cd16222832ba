package cli

import (
	"bytes"
	"testing"
	"unicode"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/snapshots"
)

// TestHostileNames: no text from a mailbox, Graph or a repository can move a terminal's cursor.
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
	a.printAckCommand(&mailboxReport{
		Mailbox: manifest.Mailbox{ID: evil}, Snapshots: []snapshots.Coverage{{Through: true, Gaps: snapshots.Gaps{Refused: []snapshots.Gap{{Folder: evil, Path: []string{evil}}}}}},
	}, evil)
	for i, c := range out.String() {
		if c != '\n' && !unicode.IsPrint(c) {
			t.Errorf("%U at %d is printed: %q", c, i, out.String())
		}
	}
}
