package pipeline_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestEqualStreams: items that all have the same bytes fill no pack. They do not wait in memory
// until that is full, or until a snapshot is due.
func TestEqualStreams(t *testing.T) {
	const all = 1200
	inBubble(t, simulator.Options{Seed: 8, Items: all}, func(fx *fixture) {
		progress := &pipeline.Progress{}
		var requested atomic.Int64
		fx.answerWith(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/exportItems") {
				fx.sim.ServeHTTP(rw, r)
				return
			}
			ids := requestedItems(fx.t, r)
			time.Sleep(300 * time.Millisecond) // until everything else waits
			if requested.Add(int64(len(ids))) == all && progress.Exported.Load() == 0 {
				fx.t.Error("the last items are requested, and none is recorded")
			}
			answerEqually(rw, ids)
		}))
		pool := newPool(fx.t, 1, 0)
		pipeline.SetMaxWaiting(pool, 100)
		if rep := fx.run(pipeline.Options{Progress: progress, Pool: pool}); rep.Exported != all || rep.Packs != 1 || rep.Bytes.Raw != 4*all {
			fx.t.Errorf("run is %+v, %d packs, %+v", rep.Run, rep.Packs, rep.Bytes)
		}
		fx.verify()
	})
}

// requestedItems returns the ids in an export request.
func requestedItems(t testing.TB, r *http.Request) []string {
	t.Helper()
	var request struct{ ItemIDs []string }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		t.Error(err)
	}
	return request.ItemIDs
}

// answerEqually answers an export with the same bytes for each item.
func answerEqually(rw http.ResponseWriter, ids []string) {
	elements := []string{}
	for _, id := range ids {
		elements = append(elements, fmt.Sprintf(`{"itemId":%q,"data":"bWFpbA=="}`, id))
	}
	_, _ = fmt.Fprintf(rw, `{"value":[%s]}`, strings.Join(elements, ","))
}

// failsAndChanges makes an item change between its export and the delta query of its folder, so
// that one run requests it twice, and makes the first of these exports fail, or else all others. If
// the delta query came first, the bubble would be deadlocked and the test would fail.
func (fx *fixture) failsAndChanges(id string, first bool) (mend func()) {
	requested := make(chan struct{})
	fault := simulator.Fault{Operation: simulator.OpExport, Item: id, ItemCode: "ErrorCorruptData"}
	if first {
		fault.Before = func() { close(requested) }
	} else {
		fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Before: func() { close(requested) }})
		fault.Skip, fault.Times = 1, -1
	}
	fx.sim.Inject(simulator.Fault{Operation: simulator.OpItemDelta, Folder: fx.folderOf(id), Before: func() {
		<-requested
		fx.touch(id)
	}})
	return fx.sim.Inject(fault).Remove
}

// anItem returns an item of the largest folder, which is requested while the folder is being
// listed.
func (fx *fixture) anItem() string {
	folders := fx.sim.Folders(fx.mailbox.ID)
	most := slices.MaxFunc(folders, func(a, b simulator.Folder) int { return cmp.Compare(a.Items, b.Items) })
	for page, err := range fx.client.Open(fx.mailbox.ID).Items(fx.t.Context(), most.ID, graph.Cursor{}) {
		fx.check(err)
		return page.Items[0].ID
	}
	return ""
}

// TestFailsFirst: an item that fails, then changes and then arrives is held, and counts as
// exported.
func TestFailsFirst(t *testing.T) {
	inBubble(t, simulator.Options{Seed: 6, Items: 400, MaxItemSize: 10 << 10}, func(fx *fixture) {
		fx.failsAndChanges(fx.anItem(), true)
		rep := fx.run(pipeline.Options{})
		if rep.Exported != 400 || rep.Failed != 0 || !rep.Whole() {
			fx.t.Errorf("run is %+v, failures %+v", rep.Run, rep.Failures)
		}
		fx.checkHeld()
		fx.verify()
	})
}

// TestFailsLater: of an item that arrives, then changes and then fails, what arrived is held. The
// failure is listed, and the next run requests the item.
func TestFailsLater(t *testing.T) {
	inBubble(t, simulator.Options{Seed: 6, Items: 400, MaxItemSize: 10 << 10}, func(fx *fixture) {
		id := fx.anItem()
		mend := fx.failsAndChanges(id, false)
		rep := fx.run(pipeline.Options{})
		if _, held := fx.held()[id]; !held || rep.Exported != 400 || len(rep.Failures) != 1 || rep.Failures[0].ID != id || rep.Whole() {
			fx.t.Errorf("held: %t, run is %+v, failures %+v", held, rep.Run, rep.Failures)
		}
		fx.verify()
		mend()
		if rep := fx.run(pipeline.Options{}); rep.Exported != 1 || !rep.Whole() {
			fx.t.Errorf("the next run is %+v", rep.Run)
		}
		fx.checkHeld()
		fx.verify()
	})
}
