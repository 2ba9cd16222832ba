package pipeline_test

import (
	"bytes"
	"cmp"
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
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/simulator"
)

func TestMain(m *testing.M) {
	_, _ = compress.NewPackReader(bytes.NewReader(nil), 0) // makes the shared decoder outside of bubbles
	goleak.VerifyTestMain(m)
}

// A fixture is a simulated Graph with one mailbox, and an empty repository.
type fixture struct {
	t       testing.TB
	sim     *simulator.Server
	client  *graph.Client
	repo    *repository.Repository
	mailbox manifest.Mailbox
}

func newFixture(t testing.TB, opts simulator.Options) *fixture {
	t.Helper()
	return newFixtureOf(t, "v1.0", opts)
}

// newFixtureOf returns a fixture with a version of Graph.
func newFixtureOf(t testing.TB, version string, opts simulator.Options) *fixture {
	t.Helper()
	return newFixtures(t, version, 1, opts)[0]
}

// newFixtures returns the fixtures of several mailboxes of one Graph, with one repository.
func newFixtures(t testing.TB, version string, mailboxes int, opts simulator.Options) []*fixture {
	t.Helper()
	opts.Mailboxes, opts.MaxItemSize = mailboxes, cmp.Or(opts.MaxItemSize, 300<<10)
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
	repo := newRepository(t, memblob.OpenBucket(nil))
	var fixtures []*fixture
	for _, m := range sim.Mailboxes() {
		fixtures = append(fixtures, &fixture{t: t, sim: sim, client: client, repo: repo, mailbox: manifest.Mailbox{ID: m.ID, User: m.User}})
	}
	return fixtures
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

func (fx *fixture) check(err error) {
	fx.t.Helper()
	if err != nil {
		fx.t.Fatal(err)
	}
}

func (fx *fixture) itemIDs() (ids []string) {
	for it := range fx.sim.Items(fx.mailbox.ID) {
		ids = append(ids, it.ID)
	}
	return ids
}

// folder returns the id of a well-known folder.
func (fx *fixture) folder(wellKnownName string) string {
	for _, f := range fx.sim.Folders(fx.mailbox.ID) {
		if f.WellKnownName == wellKnownName {
			return f.ID
		}
	}
	fx.t.Fatalf("the mailbox has no %s", wellKnownName)
	return ""
}

// inbox returns the ids of the items of the inbox.
func (fx *fixture) inbox() (ids []string) {
	folder := fx.folder("inbox")
	for it := range fx.sim.Items(fx.mailbox.ID) {
		if it.FolderID == folder {
			ids = append(ids, it.ID)
		}
	}
	return ids
}

// folderOf returns the id of the folder that an item is in.
func (fx *fixture) folderOf(id string) string {
	for it := range fx.sim.Items(fx.mailbox.ID) {
		if it.ID == id {
			return it.FolderID
		}
	}
	fx.t.Fatalf("the mailbox has no item %s", id)
	return ""
}

// changeKeys returns the change keys that listings show, by item id.
func (fx *fixture) changeKeys() map[string]string {
	keys := map[string]string{}
	for it := range fx.sim.Items(fx.mailbox.ID) {
		keys[it.ID] = it.ChangeKey
	}
	return keys
}

func (fx *fixture) add() string {
	fx.t.Helper()
	id, err := fx.sim.Add(fx.mailbox.ID, "inbox")
	fx.check(err)
	return id
}

func (fx *fixture) delete(id string) { fx.t.Helper(); fx.check(fx.sim.Delete(fx.mailbox.ID, id)) }

func (fx *fixture) touch(id string) { fx.t.Helper(); fx.check(fx.sim.Touch(fx.mailbox.ID, id)) }

// onExport calls do before the export request that follows a number of others.
func (fx *fixture) onExport(after int, do func()) {
	fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Skip: after, Before: do})
}

// refuseExports refuses all exports that follow a number of others.
func (fx *fixture) refuseExports(after int) {
	fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Skip: after, Times: -1, Status: http.StatusForbidden})
}

// failItem makes every export of an item fail until the returned function is called.
func (fx *fixture) failItem(id, code string) (mend func()) {
	return fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Times: -1, ItemCode: code}).Remove
}

// vanish deletes an item when it is first exported.
func (fx *fixture) vanish(id string) {
	fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Before: func() { _ = fx.sim.Delete(fx.mailbox.ID, id) }})
}

// omitOnce omits items from the first response that should have them.
func (fx *fixture) omitOnce(ids ...string) {
	for _, id := range ids {
		fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Omit: 1})
	}
}

// beforeCommit delays the exports of n runs until all of them have begun.
func (fx *fixture) beforeCommit(n int) {
	var waiting sync.WaitGroup
	waiting.Add(n)
	fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Times: n, Before: func() { waiting.Done(); waiting.Wait() }})
}
