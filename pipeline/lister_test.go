package pipeline_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestListingFaults: if the listing of one folder fails, another way of listing is used, if there
// is one. If there is none, the other folders are exported all the same.
func TestListingFaults(t *testing.T) {
	whole := func(rep *pipeline.Report) bool { return rep.Whole() && rep.State == manifest.StateComplete }
	tests := []struct {
		name   string
		faults []simulator.Fault
		want   func(*pipeline.Report) bool
		after  bool // the faults begin after a first run
	}{
		{"large pages time out", []simulator.Fault{
			{LargerThan: 3, Operation: simulator.OpItems, Status: http.StatusGatewayTimeout},
			{LargerThan: 3, Operation: simulator.OpItemDelta, Status: http.StatusServiceUnavailable},
		}, whole, false},
		{"large pages are unavailable, empty", []simulator.Fault{{LargerThan: 2, Status: http.StatusServiceUnavailable, Empty: true}}, whole, false},
		{"nextLinks expire", []simulator.Fault{{Operation: simulator.OpItems, Linked: true, Status: http.StatusGone}}, whole, false},
		{"nextLinks are refused", []simulator.Fault{{Operation: simulator.OpItems, Linked: true, Status: http.StatusBadRequest}}, whole, false},
		{"nextLinks of deltas expire", []simulator.Fault{{Operation: simulator.OpItemDelta, Linked: true, Status: http.StatusGone}}, whole, false},
		{"all nextLinks of items expire", []simulator.Fault{
			{Operation: simulator.OpItems, Linked: true, Status: http.StatusGone},
			{Operation: simulator.OpItemDelta, Linked: true, Status: http.StatusGone},
		}, whole, false},
		{"items have no end", []simulator.Fault{{Operation: simulator.OpItems, Endless: true}}, whole, false},
		{"deltas have no end", []simulator.Fault{{Operation: simulator.OpItemDelta, Endless: true}}, whole, false},
		{"changes have no end", []simulator.Fault{{Operation: simulator.OpItemDelta, Endless: true}}, whole, true},
		{"pages are cut", []simulator.Fault{{Operation: simulator.OpItems, LargerThan: 2, Cut: simulator.CutClean, CutAfter: 200}}, whole, false},
		{"the folder's lists fail", []simulator.Fault{
			{Operation: simulator.OpItems, Folder: "inbox", Status: http.StatusInternalServerError},
			{Operation: simulator.OpItemDelta, Folder: "inbox", Status: http.StatusInternalServerError},
		}, refusesInbox, false},
		{"the folder's lists have no end", []simulator.Fault{
			{Operation: simulator.OpItems, Folder: "inbox", Endless: true},
			{Operation: simulator.OpItemDelta, Folder: "inbox", Endless: true},
		}, refusesInbox, false},
		{"the folder is forbidden", []simulator.Fault{{Folder: "inbox", Status: http.StatusForbidden}}, refusesInbox, false},
		{"the folder's folders are forbidden", []simulator.Fault{{Operation: simulator.OpFolders, Folder: "inbox", Status: http.StatusForbidden}}, whole, false},
		{"the lists of folders fail", []simulator.Fault{{Operation: simulator.OpFolders, LargerThan: 1, Status: http.StatusInternalServerError}},
			func(rep *pipeline.Report) bool { return rep.Whole() && rep.Exported == 60 }, false},
		{"the folder's folders are forbidden, without deltas", []simulator.Fault{
			{Operation: simulator.OpFolders, Folder: "inbox", Status: http.StatusForbidden},
			{Operation: simulator.OpFolderDelta, Status: http.StatusNotImplemented},
		},
			func(rep *pipeline.Report) bool {
				return len(rep.Refused) == 1 && rep.Exported > 30 && rep.Pending == 0 && rep.State == manifest.StatePartial
			}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fx := newFixture(t, simulator.Options{Seed: 41, Items: 60, MaxPageSize: 5, ItemSize: 3000})
			if tt.after {
				fx.run(pipeline.Options{})
				for _, id := range fx.inbox()[:4] {
					fx.touch(id)
				}
			}
			var mend []func()
			for _, f := range tt.faults {
				f.Times = -1
				if f.Folder != "" {
					f.Folder = fx.folder(f.Folder)
				}
				mend = append(mend, fx.sim.Inject(f).Remove)
			}
			rep := fx.run(pipeline.Options{})
			if !tt.want(rep) {
				t.Errorf("run is %+v, short %+v, refused %+v, failures %+v", rep.Run, rep.Short, rep.Refused, rep.Failures)
			}
			if whole(rep) {
				fx.checkHeld()
			}
			for _, m := range mend {
				m()
			}
			if rep := fx.run(pipeline.Options{}); !whole(rep) {
				t.Errorf("the run after is %+v, short %+v, refused %+v", rep.Run, rep.Short, rep.Refused)
			}
			fx.checkHeld()
			fx.verify()
		})
	}
}

// refusesInbox reports whether a run could not list the inbox, and nothing else.
func refusesInbox(rep *pipeline.Report) bool {
	return len(rep.Refused) == 1 && slices.Equal(rep.Refused[0].Path, []string{"Inbox"}) && rep.Exported > 20 && rep.Pending == 0 &&
		rep.State == manifest.StatePartial && len(rep.Short) == 0
}

// TestUnlistedItem checks that an item that breaks every page with it, or that lists show without
// its id, is skipped and reported. All others are held, and stay held.
func TestUnlistedItem(t *testing.T) {
	for _, status := range []int{500, 503, 504, 0} { // 0: no id
		for _, at := range []int{0, 1, -1} {
			fx := newFixture(t, simulator.Options{Seed: 42, Items: 60, MaxPageSize: 5, ItemSize: 3000})
			ids := fx.inbox()
			corrupt := ids[(at+len(ids))%len(ids)]
			fault := simulator.Fault{Corrupt: corrupt, CorruptStatus: status, Times: -1}
			if status == 0 {
				fault = simulator.Fault{Anonymous: corrupt, Times: -1}
			}
			mend := fx.sim.Inject(fault).Remove
			for night := range 2 {
				rep := fx.run(pipeline.Options{})
				if len(rep.Short) != 1 || len(rep.Refused) != 0 || !strings.Contains(rep.Short[0].Error, "items that Graph does not list: 1;") ||
					rep.Short[0].Unlisted != 1 || rep.Short[0].Missing != 1 || rep.Short[0].Code == "" || rep.State != manifest.StateComplete || rep.Whole() {
					t.Errorf("status %d, item %d, night %d: short %+v, refused %+v", status, at, night, rep.Short, rep.Refused)
				}
				if held := fx.held(); len(held) != 59 {
					t.Errorf("status %d, item %d, night %d: %d items are held", status, at, night, len(held))
				}
			}
			mend()
			if rep := fx.run(pipeline.Options{}); !rep.Whole() {
				t.Errorf("status %d, item %d: the run after is %+v", status, at, rep.Run)
			}
			fx.checkHeld()
		}
	}
}

// TestShortFolder: items that Graph counts and does not list are reported, and held items do not
// count as deleted because of that.
func TestShortFolder(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 18, Items: 80, ItemSize: 3200})
	fx.run(pipeline.Options{})
	for _, op := range []simulator.Operation{simulator.OpItems, simulator.OpItemDelta} {
		fx.sim.Inject(simulator.Fault{Operation: op, Times: -1, Omit: 1})
	}
	rep := fx.run(pipeline.Options{Full: true})
	if rep.Removed != 0 || len(rep.Short) == 0 || rep.Whole() {
		t.Errorf("run is %+v", rep)
	}
	fx.checkHeld()
}

// TestArchive exports a mailbox without delta queries, with folders in auxiliary mailboxes.
func TestArchive(t *testing.T) {
	fx := newFixtureOf(t, "beta", simulator.Options{Seed: 20, Items: 600, ItemSize: 3200, Archives: true, Auxiliaries: 2})
	fx.mailbox = manifest.Mailbox{ID: fx.sim.Mailboxes()[0].ArchiveID, Kind: "archive"}
	first := fx.run(pipeline.Options{})
	fx.checkHeld()
	aux := map[string]bool{}
	for _, f := range fx.latest().Folders {
		aux[f.Mailbox] = true
		if f.DeltaLink != "" || f.Items > 0 && f.ListedThrough.IsZero() {
			t.Errorf("folder is %+v", f)
		}
	}
	if len(aux) != 3 {
		t.Errorf("the folders are in %v", aux)
	}
	ids := fx.itemIDs()
	fx.touch(ids[3])
	fx.delete(ids[7])
	_, err := fx.sim.Move(fx.mailbox.ID, ids[11], fx.latest().Folders[1].ID)
	fx.check(err)
	rep := fx.run(pipeline.Options{})
	if rep.Exported != 2 || rep.Removed != 2 || rep.Listed != first.Listed-1 || rep.State != manifest.StateComplete {
		t.Errorf("second run is %+v", rep)
	}
	fx.checkHeld()
	fx.verify()
}

// TestCountsAreFresh: every run compares what it knows with counts that Graph returns in that run.
func TestCountsAreFresh(t *testing.T) {
	tests := map[string]func(fx *fixture){
		"items that no delta shows": func(fx *fixture) {
			for range 5 {
				fx.add()
			}
			fx.sim.Inject(simulator.Fault{Operation: simulator.OpItemDelta, Folder: fx.folder("inbox"), Omit: 5})
		},
		"an item that vanishes before its export": func(fx *fixture) { fx.vanish(fx.add()) },
		"a changed item that vanishes": func(fx *fixture) {
			id := fx.inbox()[3]
			fx.touch(id)
			fx.vanish(id)
		},
		"items deleted": func(fx *fixture) { fx.delete(fx.inbox()[0]) },
		"an item comes during the run": func(fx *fixture) {
			fx.add()
			fx.onExport(0, func() { fx.add() })
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fx := newFixture(t, simulator.Options{Seed: 61, Items: 200, ItemSize: 3000})
			fx.run(pipeline.Options{})
			fx.checkCounts()
			change(fx)
			if rep := fx.run(pipeline.Options{}); rep.State != manifest.StateComplete || len(rep.Short) > 0 {
				t.Errorf("run is %+v, short %+v", rep.Run, rep.Short)
			}
			for range 2 {
				fx.run(pipeline.Options{})
				fx.checkHeld()
				fx.checkCounts()
			}
		})
	}
}

// TestVanishedItems: a first run reports which items vanished between Graph's count and the export.
func TestVanishedItems(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 62, Items: 100, ItemSize: 3000})
	ids := fx.inbox()
	fx.vanish(ids[2])
	fx.vanish(ids[5])
	rep := fx.run(pipeline.Options{})
	if rep.Gone != 2 || !rep.Whole() {
		t.Errorf("run is %+v, short %+v", rep.Run, rep.Short)
	}
	for _, f := range fx.latest().Folders {
		if f.TotalItemCount > f.Items+f.Gone { // items may vanish between a page and the count
			t.Errorf("folder %q has %d items and %d gone, of %d", f.Path, f.Items, f.Gone, f.TotalItemCount)
		}
	}
	fx.run(pipeline.Options{})
	fx.checkCounts()
}
