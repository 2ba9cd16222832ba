package pipeline_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/internal/histories"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/restore"
	"github.com/mailhaul/mailhaul/simulator"
)

func TestMain(m *testing.M) {
	_, _ = compress.NewPackReader(bytes.NewReader(nil), 0) // makes the one decoder outside of bubbles
	goleak.VerifyTestMain(m)
}

// A world is a simulated Graph with one mailbox, and an empty repository.
type world struct {
	t       testing.TB
	sim     *simulator.Server
	client  *graph.Client
	repo    *repository.Repository
	mailbox manifest.Mailbox
}

func (w *world) itemIDs() (ids []string) {
	for it := range w.sim.Items(w.mailbox.ID) {
		ids = append(ids, it.ID)
	}
	return ids
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) delete(id string) { w.t.Helper(); w.check(w.sim.Delete(w.mailbox.ID, id)) }
func (w *world) touch(id string)  { w.t.Helper(); w.check(w.sim.Touch(w.mailbox.ID, id)) }

func (w *world) add() string {
	w.t.Helper()
	id, err := w.sim.Add(w.mailbox.ID, "inbox")
	w.check(err)
	return id
}

// onExport calls do before the request for an export that comes after so many.
func (w *world) onExport(after int, do func()) {
	w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Skip: after, Before: do})
}

// refuseExports refuses all exports but the first.
func (w *world) refuseExports(after int) {
	w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Skip: after, Times: -1, Status: http.StatusForbidden})
}

// failItem makes every export of an item fail, until the returned function is called.
func (w *world) failItem(id, code string) (mend func()) {
	return w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Times: -1, ItemCode: code}).Remove
}

// vanish deletes an item when it is first asked for.
func (w *world) vanish(id string) {
	w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Before: func() { _ = w.sim.Delete(w.mailbox.ID, id) }})
}

// omitOnce leaves items out of the first response that they should be in.
func (w *world) omitOnce(ids ...string) {
	for _, id := range ids {
		w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Omit: 1})
	}
}

// beforeCommit holds the exports of n runs back until all have begun.
func (w *world) beforeCommit(n int) {
	var waiting sync.WaitGroup
	waiting.Add(n)
	w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Times: n, Before: func() { waiting.Done(); waiting.Wait() }})
}

func newWorld(t testing.TB, opts simulator.Options) *world {
	t.Helper()
	return newWorldOf(t, "v1.0", opts)
}

func newWorldOf(t testing.TB, version string, opts simulator.Options) *world {
	t.Helper()
	opts.Mailboxes = 1
	if opts.MaxItemSize == 0 {
		opts.MaxItemSize = 300 << 10
	}
	sim, err := simulator.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	client, err := graph.New(graph.Options{BaseURL: server.URL + "/" + version, RetryDelay: time.Millisecond, Budget: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	m := sim.Mailboxes()[0]
	return &world{t: t, sim: sim, client: client, repo: newRepository(t, memblob.OpenBucket(nil)), mailbox: manifest.Mailbox{ID: m.ID, User: m.User}}
}

func newRepository(t testing.TB, bucket *blob.Bucket) *repository.Repository {
	t.Helper()
	repo, err := repository.Init(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { repo.Close() })
	return repo
}

func (w *world) job() pipeline.Job {
	return pipeline.Job{Source: w.client.Open(w.mailbox.ID), Repository: w.repo, Mailbox: w.mailbox, Graph: manifest.Graph{Version: "v1.0"}}
}

// run exports and expects success.
func (w *world) run(opts pipeline.Options) *pipeline.Report {
	w.t.Helper()
	rep, err := pipeline.Run(w.t.Context(), w.job(), opts)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := rep.Run.Check(); err != nil {
		w.t.Error(err)
	}
	w.checkCoverage(rep)
	return rep
}

// verify proves the repository whole, data included.
func (w *world) verify() *restore.Verification {
	w.t.Helper()
	v, err := restore.Verify(w.t.Context(), w.repo, restore.VerifyOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range v.Problems {
		w.t.Errorf("%s: %s", p.Object, p.Error)
	}
	return v
}

// held returns the last snapshot's items by id.
func (w *world) held() map[string]manifest.Row {
	w.t.Helper()
	return histories.Held(w.t, w.repo, w.mailbox.ID)
}

// checkEqual expects the last snapshot to hold exactly what the simulated mailbox does.
func (w *world) checkEqual() {
	w.t.Helper()
	histories.CheckEqual(w.t, w.repo, w.sim, w.mailbox.ID)
}

// objects counts the repository's objects below a prefix.
func (w *world) objects(prefix string) int {
	w.t.Helper()
	n := 0
	for o, err := range w.repo.Objects(context.Background()) {
		if err != nil {
			w.t.Fatal(err)
		}
		if len(o.Key) >= len(prefix) && o.Key[:len(prefix)] == prefix {
			n++
		}
	}
	return n
}
