package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// A testTenant is a simulated Graph with some mailboxes, and a repository for them.
type testTenant struct {
	t         *testing.T
	sim       *simulator.Server
	url, repo string
}

func newTestTenant(t *testing.T, mailboxes, items int) *testTenant {
	t.Helper()
	sim, err := simulator.New(simulator.Options{Seed: 31, Mailboxes: mailboxes, Items: items, MaxItemSize: 100 << 10})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return &testTenant{t: t, sim: sim, url: server.URL + "/v1.0", repo: t.TempDir()}
}

// run runs a command line like Main. An export gets the flags of all mailboxes.
func (o *testTenant) run(ctx context.Context, args ...string) (stdout, stderr string, code int) {
	o.t.Helper()
	args = append(args, "--repo", o.repo)
	if args[0] == "export" {
		args = append(args, "--graph-url", o.url)
		for _, m := range o.sim.Mailboxes() {
			args = append(args, "--mailbox", m.ID)
		}
	}
	var out, notes bytes.Buffer
	a := newApp(&out, &notes)
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	return out.String(), notes.String(), exitCode(ctx, err)
}

func (o *testTenant) verify() {
	o.t.Helper()
	if out, notes, code := o.run(o.t.Context(), "verify"); code != exitComplete {
		o.t.Errorf("verify exits with %d: %s%s", code, out, notes)
	}
}

// TestMailboxesAtOnce: the reports of concurrent exports do not mix, and no more exports run than
// are allowed.
func TestMailboxesAtOnce(t *testing.T) {
	o := newTestTenant(t, 6, 40)
	var all sync.WaitGroup
	all.Add(3)
	for _, m := range o.sim.Mailboxes()[:3] {
		o.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Mailbox: m.ID, Before: func() { all.Done(); all.Wait() }})
	}
	out, notes, code := o.run(t.Context(), "export", "--mailboxes-at-once", "3")
	if code != exitComplete || notes != "" {
		t.Errorf("export exits with %d: %s", code, notes)
	}
	reports := strings.Split(strings.TrimPrefix(out, "mailbox "), "\nmailbox ")
	for _, m := range o.sim.Mailboxes() {
		whole := 0
		for _, r := range reports {
			if strings.Contains(r, m.ID) && strings.Count(r, "\nsnapshot  1, complete") == 1 && strings.Count(r, "40 listed = 40 exported") == 1 && strings.Contains(r, "\nbottleneck: ") {
				whole++
			}
		}
		if whole != 1 {
			t.Errorf("%d complete reports of %s", whole, m.ID)
		}
	}
	out, _, code = o.run(t.Context(), "export", "--json")
	seen := map[string]bool{}
	for line := range strings.Lines(out) {
		var r pipeline.Report
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.Skipped != 40 || r.State != manifest.StateComplete {
			t.Errorf("%v: %s", err, line)
		}
		seen[r.Mailbox] = true
	}
	if len(seen) != 6 || code != exitComplete {
		t.Errorf("%d mailboxes were reported, exit code %d", len(seen), code)
	}
	o.verify()
}

// TestMailboxesInterrupted: exports that run when the user interrupts the command commit what they
// have, and the others do not start.
func TestMailboxesInterrupted(t *testing.T) {
	o := newTestTenant(t, 5, 120)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	// Two have some items by the time that their fifth requests come in.
	var both sync.WaitGroup
	both.Add(2)
	for _, m := range o.sim.Mailboxes()[:2] {
		o.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Mailbox: m.ID, Skip: 4, Before: func() {
			both.Done()
			both.Wait()
			cancel()
		}})
	}
	out, notes, code := o.run(ctx, "export", "--mailboxes-at-once", "2", "--json")
	if code != exitInterrupted {
		t.Errorf("export exits with %d: %s", code, notes)
	}
	if n := strings.Count(out, `"state":"partial"`); n != 2 || strings.Count(out, "\n") != 2 {
		t.Errorf("%d of 2 exports committed what they had: %s", n, out)
	}
	o.verify()
	if out, notes, code := o.run(t.Context(), "export", "--json"); code != exitComplete || strings.Count(out, `"state":"complete"`) != 5 {
		t.Errorf("the next export exits with %d: %s", code, notes)
	}
	o.verify()
}

// TestMailboxesFail: each failing mailbox is reported with its name, the others are exported, and
// the worst outcome decides the exit code.
func TestMailboxesFail(t *testing.T) {
	o := newTestTenant(t, 4, 40)
	refused, damaged := o.sim.Mailboxes()[0], o.sim.Mailboxes()[1]
	o.sim.Inject(simulator.Fault{Mailbox: refused.ID, Times: -1, Status: 403})
	for item := range o.sim.Items(damaged.ID) {
		o.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: item.ID, Times: -1, ItemCode: "ErrorCorruptData"})
		break
	}
	out, notes, code := o.run(t.Context(), "export", "--json")
	if code != exitFailed || strings.Count(out, `"state":"complete"`) != 3 {
		t.Errorf("export exits with %d: %s", code, out)
	}
	for _, m := range []string{refused.ID, damaged.ID} {
		if n := strings.Count(notes, fmt.Sprintf("mailhaul: export of mailbox %s: ", m)); n != 1 {
			t.Errorf("%d lines name %s:\n%s", n, m, notes)
		}
	}
	if !strings.Contains(notes, "\n  the app needs the permissions") {
		t.Errorf("the hint is missing:\n%s", notes)
	}
}

// TestAdviceOnRights: the hint about the app's rights is printed if all exports are refused, and
// not if one item is.
func TestAdviceOnRights(t *testing.T) {
	for _, one := range []bool{false, true} {
		o := newTestTenant(t, 2, 40)
		fault := simulator.Fault{Operation: simulator.OpExport, Times: -1, Status: 403}
		want := exitFailed
		if one {
			want = exitIncomplete
			for item := range o.sim.Items(o.sim.Mailboxes()[0].ID) {
				fault.Item = item.ID
			}
		}
		o.sim.Inject(fault)
		_, notes, code := o.run(t.Context(), "export")
		if code != want || strings.Contains(notes, "the app needs the permissions") == one {
			t.Errorf("one item: %t: export exits with %d:\n%s", one, code, notes)
		}
	}
}
