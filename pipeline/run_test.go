package pipeline_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

func TestExportIsWhole(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 1, Items: 700})
	progress := &pipeline.Progress{}
	rep := w.run(pipeline.Options{Progress: progress})
	if rep.State != manifest.StateComplete || rep.Snapshot != 1 || !rep.Whole() {
		t.Errorf("report is %+v", rep)
	}
	if rep.Listed != int64(len(w.itemIDs())) || rep.Exported != rep.Listed || rep.Packs < 1 || rep.Requests < rep.Exported/20 {
		t.Errorf("report is %+v", rep)
	}
	if got := progress.Exported.Load(); got != rep.Exported {
		t.Errorf("progress tells %d", got)
	}
	w.checkEqual()
	v := w.verify()
	if v.Items != rep.Exported || v.Packs != rep.Packs || v.Unreferenced != 0 || v.Snapshots != 1 {
		t.Errorf("verification is %+v", v)
	}
}

// TestBigItems: items of several chunks, of more than a pack's frame, share
// packs with small ones.
func TestBigItems(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 2, Items: 12, ItemSize: 9 << 20, MaxItemSize: 16 << 20})
	w.run(pipeline.Options{})
	w.checkEqual()
	if v := w.verify(); v.Packs < 2 {
		t.Errorf("verification is %+v", v)
	}
}

// TestIncremental goes on from a snapshot: nothing changed, then something did.
func TestIncremental(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 3, Items: 200})
	first := w.run(pipeline.Options{})
	packs, segments := w.objects("packs/"), w.objects("manifests/")

	second := w.run(pipeline.Options{})
	if second.Exported != 0 || second.Skipped != first.Exported || second.Packs != 0 || second.Snapshot != 2 || second.State != manifest.StateComplete {
		t.Errorf("second run is %+v", second)
	}
	if p, m := w.objects("packs/"), w.objects("manifests/"); p != packs || m != segments+1 {
		t.Errorf("a run that changed nothing wrote %d packs and %d manifests", p-packs, m-segments)
	}

	ids := w.itemIDs()
	w.delete(ids[0])
	w.touch(ids[1])
	added := w.add()
	third := w.run(pipeline.Options{})
	if third.Exported != 2 || third.Removed != 1 || third.Snapshot != 3 {
		t.Errorf("third run is %+v", third)
	}
	w.checkEqual()
	if _, ok := w.held()[added]; !ok {
		t.Error("the added item is not held")
	}
	if v := w.verify(); v.Snapshots != 3 {
		t.Errorf("verification is %+v", v)
	}
	old, err := snapshots.Load(t.Context(), w.repo, w.mailbox.ID, 1)
	if err != nil {
		t.Fatal(err)
	}
	n := int64(0)
	for _, err := range old.Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != first.Exported {
		t.Errorf("the first snapshot holds %d items, no longer %d", n, first.Exported)
	}
}

// TestInterrupted cancels runs at several moments: what is durable is
// committed, and the runs after that complete the mailbox.
func TestInterrupted(t *testing.T) {
	for _, after := range []int{0, 1, 5, 12} {
		w := newWorld(t, simulator.Options{Seed: 4, Items: 400})
		ctx, cancel := context.WithCancel(t.Context())
		w.onExport(after, cancel)
		rep, err := pipeline.Run(ctx, w.job(), pipeline.Options{})
		cancel()
		if !errors.Is(err, pipeline.ErrInterrupted) {
			t.Fatalf("after %d requests: error is %v", after, err)
		}
		if rep != nil {
			if rep.State != manifest.StatePartial || rep.Run.Check() != nil || rep.Exported == 0 && after >= 5 {
				t.Errorf("after %d requests: report is %+v", after, rep)
			}
			w.verify()
		}
		last := w.run(pipeline.Options{})
		if rep != nil && last.Skipped < rep.Exported {
			t.Errorf("after %d requests: %d were exported, then %d skipped", after, rep.Exported, last.Skipped)
		}
		w.checkEqual()
		w.verify()
	}
}

// TestGraphFails: what came before is committed, and told beside the error.
func TestGraphFails(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 5, Items: 400})
	w.refuseExports(6)
	rep, err := pipeline.Run(t.Context(), w.job(), pipeline.Options{})
	if err == nil || errors.Is(err, pipeline.ErrInterrupted) {
		t.Fatalf("error is %v", err)
	}
	if rep == nil || rep.State != manifest.StatePartial || rep.Exported == 0 || rep.Pending == 0 {
		t.Errorf("report is %+v", rep)
	}
	w.verify()
}

// TestGraphRefusesExports: that exports are refused is not the answer to the listings which
// end because of it.
func TestGraphRefusesExports(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 5, Items: 1500, ItemSize: 3000})
	w.refuseExports(6)
	rep, err := pipeline.Run(t.Context(), w.job(), pipeline.Options{})
	if err == nil || rep == nil || len(rep.Refused) > 0 {
		t.Fatalf("report is %+v, error %v", rep, err)
	}
	s, err := snapshots.Latest(t.Context(), w.repo, w.mailbox.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range s.Folders {
		if f.Error != "" {
			t.Errorf("folder %v has the error %q", f.Path, f.Error)
		}
	}
}

// TestDrainTime: however a store hangs, a run that is canceled ends in its time and says so.
func TestDrainTime(t *testing.T) {
	for _, prefix := range []string{"packs/", "manifests/"} {
		w := newWorld(t, simulator.Options{Seed: 4, Items: 400})
		store := memstore.New()
		w.repo = newRepository(t, store.Open())
		ctx, cancel := context.WithCancel(t.Context())
		var canceled atomic.Bool
		store.Intercept(func(call context.Context, op, key string) error {
			if op != "put" || !strings.HasPrefix(key, prefix) || prefix == "manifests/" && !canceled.Load() {
				return nil
			}
			<-call.Done()
			return context.Cause(call)
		})
		w.onExport(8, func() { canceled.Store(true); cancel() })
		_, err := pipeline.Run(ctx, w.job(), pipeline.Options{DrainTimeout: 200 * time.Millisecond})
		if !errors.Is(err, pipeline.ErrInterrupted) {
			t.Errorf("%s hang: error is %v", prefix, err)
		}
	}
}

// TestFailures: items that fail for good, vanish, or come back late.
func TestFailures(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 6, Items: 120})
	ids := w.itemIDs()
	mend := w.failItem(ids[3], "ErrorCorruptData")
	w.vanish(ids[5])
	w.omitOnce(ids[7], ids[8])
	rep := w.run(pipeline.Options{})
	if rep.Failed != 1 || rep.Gone != 1 || rep.Whole() || len(rep.Failures) != 1 || rep.State != manifest.StateComplete {
		t.Errorf("report is %+v", rep)
	}
	if f := rep.Failures[0]; f.ID != ids[3] || f.Code != "ErrorCorruptData" || f.Attempts != 1 || f.Runs != 1 {
		t.Errorf("failure is %+v", f)
	}
	if rep.Exported != int64(len(ids))-2 {
		t.Errorf("%d of %d were exported", rep.Exported, len(ids))
	}
	s, err := snapshots.Latest(t.Context(), w.repo, w.mailbox.ID)
	if err != nil || len(s.Failures) != 1 {
		t.Errorf("the manifest lists %d failures, %v", len(s.Failures), err)
	}
	w.verify()
	if rep = w.run(pipeline.Options{}); rep.Failed != 1 || rep.Failures[0].Runs != 2 || rep.Failures[0].Attempts != 2 || rep.Whole() {
		t.Errorf("the run while it still fails is %+v", rep)
	}
	mend()
	if rep = w.run(pipeline.Options{}); rep.Exported != 1 || rep.Failed != 0 {
		t.Errorf("the run after the failure is %+v", rep)
	}
	w.checkEqual()
}

// TestTwoRuns: of two runs that go on from one snapshot, one commits.
func TestTwoRuns(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 7, Items: 60})
	const n = 3
	errs := make([]error, n)
	var wg sync.WaitGroup
	w.beforeCommit(n)
	for i := range n {
		wg.Go(func() { _, errs[i] = pipeline.Run(t.Context(), w.job(), pipeline.Options{}) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, repository.ErrRefExists):
			t.Errorf("error is %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d runs committed", won, n)
	}
	w.verify()
	w.checkEqual()
}

// TestFolders: a run of one folder is partial and leaves the others alone.
func TestFolders(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 8, Items: 150})
	inbox := pipeline.Options{Selection: pipeline.Selection{Folders: [][]string{{"inbox"}}}}
	limited := w.run(inbox)
	if limited.State != manifest.StatePartial || limited.Exported == 0 || limited.Exported >= 150 {
		t.Errorf("limited run is %+v", limited)
	}
	w.run(pipeline.Options{})
	w.checkEqual()
	again := w.run(inbox)
	if again.Removed != 0 || again.Exported != 0 || again.State != manifest.StatePartial {
		t.Errorf("second limited run is %+v", again)
	}
	w.checkEqual()
	_, err := pipeline.Run(t.Context(), w.job(), pipeline.Options{Selection: pipeline.Selection{Folders: [][]string{{"no such folder"}}}})
	if !errors.Is(err, pipeline.ErrNoFolder) {
		t.Errorf("error is %v", err)
	}
	w.verify()
}

func TestEmptyMailbox(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 9, Items: 1})
	w.delete(w.itemIDs()[0])
	rep := w.run(pipeline.Options{})
	if rep.State != manifest.StateComplete || rep.Listed != 0 || rep.Packs != 0 {
		t.Errorf("report is %+v", rep)
	}
	w.verify()
}
