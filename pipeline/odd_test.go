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

// TestOddListings: what Graph does to the listing of one folder is avoided, where there is another
// way, and leaves the other folders alone where there is none.
func TestOddListings(t *testing.T) {
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
			w := newWorld(t, simulator.Options{Seed: 41, Items: 60, MaxPageSize: 5, ItemSize: 3000})
			if tt.after {
				w.run(pipeline.Options{})
				for _, id := range w.inbox()[:4] {
					w.touch(id)
				}
			}
			var mend []func()
			for _, f := range tt.faults {
				f.Times = -1
				if f.Folder != "" {
					f.Folder = w.folder(f.Folder)
				}
				mend = append(mend, w.sim.Inject(f).Remove)
			}
			rep := w.run(pipeline.Options{})
			if !tt.want(rep) {
				t.Errorf("run is %+v, short %+v, refused %+v, failures %+v", rep.Run, rep.Short, rep.Refused, rep.Failures)
			}
			if whole(rep) {
				w.checkEqual()
			}
			for _, m := range mend {
				m()
			}
			if rep := w.run(pipeline.Options{}); !whole(rep) {
				t.Errorf("the run after is %+v, short %+v, refused %+v", rep.Run, rep.Short, rep.Refused)
			}
			w.checkEqual()
			w.verify()
		})
	}
}

// refusesInbox reports whether a run gave up the inbox, and nothing else.
func refusesInbox(rep *pipeline.Report) bool {
	return len(rep.Refused) == 1 && slices.Equal(rep.Refused[0].Path, []string{"Inbox"}) && rep.Exported > 20 && rep.Pending == 0 &&
		rep.State == manifest.StatePartial && len(rep.Short) == 0
}

// TestUnlistedItem: an item that breaks every page which shows it is passed over and reported; all
// others are held, and stay held.
func TestUnlistedItem(t *testing.T) {
	for _, status := range []int{500, 503, 504} {
		for _, at := range []int{0, 1, -1} {
			w := newWorld(t, simulator.Options{Seed: 42, Items: 60, MaxPageSize: 5, ItemSize: 3000})
			ids := w.inbox()
			corrupt := ids[(at+len(ids))%len(ids)]
			mend := w.sim.Inject(simulator.Fault{Corrupt: corrupt, CorruptStatus: status, Times: -1}).Remove
			for night := range 2 {
				rep := w.run(pipeline.Options{})
				if len(rep.Short) != 1 || len(rep.Refused) != 0 || !strings.Contains(rep.Short[0].Error, "items that Graph does not list: 1;") ||
					rep.Short[0].Unlisted != 1 || rep.Short[0].Missing != 1 || rep.Short[0].Code == "" || rep.State != manifest.StateComplete || rep.Whole() {
					t.Errorf("status %d, item %d, night %d: short %+v, refused %+v", status, at, night, rep.Short, rep.Refused)
				}
				if held := w.held(); len(held) != 59 {
					t.Errorf("status %d, item %d, night %d: %d items are held", status, at, night, len(held))
				}
			}
			mend()
			if rep := w.run(pipeline.Options{}); !rep.Whole() {
				t.Errorf("status %d, item %d: the run after is %+v", status, at, rep.Run)
			}
			w.checkEqual()
		}
	}
}
