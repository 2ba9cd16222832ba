package pipeline_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

// TestExport exports a mailbox and compares everything.
func TestExport(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 1, Items: 700})
	progress := &pipeline.Progress{}
	rep := fx.run(pipeline.Options{Progress: progress})
	if rep.State != manifest.StateComplete || rep.Snapshot != 1 || !rep.Whole() {
		t.Errorf("report is %+v", rep)
	}
	if rep.Listed != int64(len(fx.itemIDs())) || rep.Exported != rep.Listed || rep.Packs < 1 || rep.Requests < rep.Exported/20 {
		t.Errorf("report is %+v", rep)
	}
	if got := progress.Exported.Load(); got != rep.Exported {
		t.Errorf("progress has %d exported items", got)
	}
	fx.checkHeld()
	v := fx.verify()
	if v.Items != rep.Exported || v.Packs != rep.Packs || v.Unreferenced != 0 || v.Snapshots != 1 {
		t.Errorf("verification is %+v", v)
	}
}

// TestBigItems: items of several chunks, and larger than a frame, share packs with small ones.
func TestBigItems(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 2, Items: 12, ItemSize: 9 << 20, MaxItemSize: 16 << 20})
	fx.run(pipeline.Options{})
	fx.checkHeld()
	if v := fx.verify(); v.Packs < 2 {
		t.Errorf("verification is %+v", v)
	}
}

// TestIncremental exports again, first without changes and then with some.
func TestIncremental(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 3, Items: 200})
	first := fx.run(pipeline.Options{})
	packs, segments := fx.objects("packs/"), fx.objects("manifests/")

	second := fx.run(pipeline.Options{})
	if second.Exported != 0 || second.Skipped != first.Exported || second.Packs != 0 || second.Snapshot != 2 || second.State != manifest.StateComplete {
		t.Errorf("second run is %+v", second)
	}
	if p, m := fx.objects("packs/"), fx.objects("manifests/"); p != packs || m != segments+1 {
		t.Errorf("a run that changed nothing wrote %d packs and %d manifests", p-packs, m-segments)
	}

	ids := fx.itemIDs()
	fx.delete(ids[0])
	fx.touch(ids[1])
	added := fx.add()
	third := fx.run(pipeline.Options{})
	if third.Exported != 2 || third.Removed != 1 || third.Snapshot != 3 {
		t.Errorf("third run is %+v", third)
	}
	fx.checkHeld()
	if _, ok := fx.held()[added]; !ok {
		t.Error("the added item is not held")
	}
	if v := fx.verify(); v.Snapshots != 3 {
		t.Errorf("verification is %+v", v)
	}
	old, err := snapshots.Load(t.Context(), fx.repo, fx.mailbox.ID, 1)
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

// TestNightly: a run in which nothing changed takes about a request a folder and writes a manifest
// and a ref. A run with changes takes little more.
func TestNightly(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 11, Items: 3000, Folders: 200, ItemSize: 3200, MaxPageSize: 100})
	fx.run(pipeline.Options{})
	folders, objects := int64(len(fx.latest().Folders)), fx.objects("")

	var rep *pipeline.Report
	made := fx.requests(func() { rep = fx.run(pipeline.Options{}) })
	if made[simulator.OpItemDelta] != folders || made[simulator.OpFolderDelta] != (folders+99)/100 || len(made) != 2 {
		t.Errorf("%d folders took %v", folders, made)
	}
	if rep.Listed != 3000 || rep.Skipped != 3000 || rep.Packs != 0 || fx.objects("")-objects != 2 || !rep.Whole() {
		t.Errorf("%d objects were written: %+v", fx.objects("")-objects, rep)
	}

	ids := fx.itemIDs()
	for i := 0; i < 30; i += 3 {
		fx.touch(ids[i*90])
		fx.delete(ids[i*90+1])
		fx.add()
	}
	made = fx.requests(func() { rep = fx.run(pipeline.Options{}) })
	if rep.Exported != 20 || rep.Removed != 10 || rep.Listed != 3000 || rep.Packs != 1 {
		t.Errorf("the run after changes is %+v", rep)
	}
	total := int64(0)
	for _, n := range made {
		total += n
	}
	if total > 2*folders {
		t.Errorf("%d folders with 30 changes took %v", folders, made)
	}
	fx.checkHeld()
	fx.verify()
}

// TestInterrupted cancels runs at several moments: what is durable is committed, and later runs
// complete the mailbox.
func TestInterrupted(t *testing.T) {
	for _, after := range []int{0, 1, 5, 12} {
		fx := newFixture(t, simulator.Options{Seed: 4, Items: 400})
		ctx, cancel := context.WithCancel(t.Context())
		fx.onExport(after, cancel)
		rep, err := pipeline.Run(ctx, fx.job(), pipeline.Options{})
		cancel()
		if !errors.Is(err, pipeline.ErrInterrupted) {
			t.Fatalf("after %d requests: error is %v", after, err)
		}
		if rep != nil {
			if rep.State != manifest.StatePartial || rep.Run.Check() != nil || rep.Exported == 0 && after >= 5 {
				t.Errorf("after %d requests: report is %+v", after, rep)
			}
			fx.verify()
		}
		last := fx.run(pipeline.Options{})
		if rep != nil && last.Skipped < rep.Exported {
			t.Errorf("after %d requests: %d were exported, then %d skipped", after, rep.Exported, last.Skipped)
		}
		fx.checkHeld()
		fx.verify()
	}
}

// TestGraphFails: what came before an error is committed, and reported beside the error.
func TestGraphFails(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 5, Items: 400})
	fx.refuseExports(6)
	rep, err := pipeline.Run(t.Context(), fx.job(), pipeline.Options{})
	if err == nil || errors.Is(err, pipeline.ErrInterrupted) {
		t.Fatalf("error is %v", err)
	}
	if rep == nil || rep.State != manifest.StatePartial || rep.Exported == 0 || rep.Pending == 0 {
		t.Errorf("report is %+v", rep)
	}
	fx.verify()
}

// TestGraphRefusesExports: refused exports are not reported as errors of the listings that end
// because of them.
func TestGraphRefusesExports(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 5, Items: 1500, ItemSize: 3000})
	fx.refuseExports(6)
	rep, err := pipeline.Run(t.Context(), fx.job(), pipeline.Options{})
	if err == nil || rep == nil || len(rep.Refused) > 0 {
		t.Fatalf("report is %+v, error %v", rep, err)
	}
	s, err := snapshots.Latest(t.Context(), fx.repo, fx.mailbox.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range s.Folders {
		if f.Error != "" {
			t.Errorf("folder %v has the error %q", f.Path, f.Error)
		}
	}
}

// TestDrainTime: a run that is cancelled while the store hangs ends in time with ErrInterrupted.
func TestDrainTime(t *testing.T) {
	for _, prefix := range []string{"packs/", "manifests/"} {
		fx := newFixture(t, simulator.Options{Seed: 4, Items: 400})
		store := memstore.New()
		fx.repo = newRepository(t, store.Open())
		ctx, cancel := context.WithCancel(t.Context())
		var cancelled atomic.Bool
		store.Intercept(func(call context.Context, op, key string) error {
			if op != "put" || !strings.HasPrefix(key, prefix) || prefix == "manifests/" && !cancelled.Load() {
				return nil
			}
			<-call.Done()
			return context.Cause(call)
		})
		fx.onExport(8, func() { cancelled.Store(true); cancel() })
		_, err := pipeline.Run(ctx, fx.job(), pipeline.Options{DrainTimeout: 200 * time.Millisecond})
		if !errors.Is(err, pipeline.ErrInterrupted) {
			t.Errorf("%s hang: error is %v", prefix, err)
		}
	}
}

// TestEmptyMailbox exports a mailbox without items.
func TestEmptyMailbox(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 9, Items: 1})
	fx.delete(fx.itemIDs()[0])
	rep := fx.run(pipeline.Options{})
	if rep.State != manifest.StateComplete || rep.Listed != 0 || rep.Packs != 0 {
		t.Errorf("report is %+v", rep)
	}
	fx.verify()
}
