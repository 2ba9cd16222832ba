package replicate_test

import (
	"bytes"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/replicate"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/restore"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A testRepo is a repository in a store in memory.
type testRepo struct {
	t     *testing.T
	store *memstore.Store
	repo  *repository.Repository
}

func newTestRepo(t *testing.T) *testRepo {
	t.Helper()
	r := &testRepo{t: t, store: memstore.New()}
	var err error
	if r.repo, err = repository.Init(t.Context(), r.store.Open()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.repo.Close() })
	r.store.Calls()
	return r
}

func (r *testRepo) keys(prefix string) (keys []string) {
	r.t.Helper()
	for o, err := range r.repo.Objects(r.t.Context()) {
		if err != nil {
			r.t.Fatal(err)
		}
		if strings.HasPrefix(o.Key, prefix) {
			keys = append(keys, o.Key)
		}
	}
	return keys
}

func (r *testRepo) read(key string) []byte {
	r.t.Helper()
	data, err := r.store.Open().ReadAll(r.t.Context(), key)
	if err != nil {
		r.t.Fatal(err)
	}
	return data
}

func (r *testRepo) write(key string, data []byte) {
	r.t.Helper()
	if err := r.store.Open().WriteAll(r.t.Context(), key, data, nil); err != nil {
		r.t.Fatal(err)
	}
}

func (r *testRepo) remove(key string) {
	r.t.Helper()
	if err := r.store.Open().Delete(r.t.Context(), key); err != nil {
		r.t.Fatal(err)
	}
}

// flip changes a bit in the middle of an object.
func (r *testRepo) flip(key string) {
	r.t.Helper()
	data := bytes.Clone(r.read(key))
	data[len(data)/2] ^= 1
	r.write(key, data)
}

// verify fails the test if the repository has a problem.
func (r *testRepo) verify() *restore.Verification {
	r.t.Helper()
	v, err := restore.Verify(r.t.Context(), r.repo, restore.VerifyOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, problem := range v.Problems {
		r.t.Errorf("%s: %s", problem.Object, problem.Error)
	}
	return v
}

// content returns the refs, which stand for everything that they refer to, and acknowledgements.
func (r *testRepo) content() map[string]string {
	r.t.Helper()
	content := map[string]string{}
	for _, key := range append(r.keys("refs/"), r.keys("acks/")...) {
		content[key] = string(r.read(key))
	}
	return content
}

// copyTo copies, and fails the test on an error or a problem.
func (r *testRepo) copyTo(to *testRepo) *replicate.Report {
	r.t.Helper()
	report, err := replicate.Copy(r.t.Context(), r.repo, to.repo, replicate.Options{})
	if err != nil || report.Found > 0 {
		r.t.Fatalf("%+v, %v", report, err)
	}
	return report
}

// checkCopy fails the test unless the target is a complete copy of r, and no more.
func (r *testRepo) checkCopy(to *testRepo) {
	r.t.Helper()
	if diff := cmp.Diff(r.content(), to.content()); diff != "" {
		r.t.Errorf("refs differ (-source +target):\n%s", diff)
	}
	source, target := r.verify(), to.verify()
	source.Unreferenced, source.Packs, source.Chunks, source.Bytes = 0, target.Packs, target.Chunks, target.Bytes
	if diff := cmp.Diff(source, target); diff != "" {
		r.t.Errorf("the copy verifies differently (-source +target):\n%s", diff)
	}
}

// A testSource is a repository to which simulated mailboxes are exported.
type testSource struct {
	*testRepo
	sim    *simulator.Server
	client *graph.Client
	rng    *rand.Rand
}

func newTestSource(t *testing.T, seed uint64, mailboxes int) *testSource {
	t.Helper()
	sim, err := simulator.New(simulator.Options{Seed: seed, Mailboxes: mailboxes, Items: 40, ItemSize: 3000})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	client, err := graph.New(graph.Options{BaseURL: server.URL + "/v1.0", RetryDelay: time.Millisecond, Budget: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &testSource{testRepo: newTestRepo(t), sim: sim, client: client, rng: rand.New(rand.NewPCG(seed, 3))}
}

// export adds a snapshot of a mailbox.
func (s *testSource) export(mailbox int) { s.exportTo(s.testRepo, mailbox) }

func (s *testSource) exportTo(to *testRepo, mailbox int) {
	s.t.Helper()
	id := s.id(mailbox)
	job := pipeline.Job{Source: s.client.Open(id), Repository: to.repo, Mailbox: manifest.Mailbox{ID: id}, Graph: manifest.Graph{Version: "v1.0"}}
	if _, err := pipeline.Run(s.t.Context(), job, pipeline.Options{}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *testSource) id(mailbox int) string { return s.sim.Mailboxes()[mailbox].ID }

// change changes some items of a mailbox.
func (s *testSource) change(mailbox, n int) {
	s.t.Helper()
	id := s.id(mailbox)
	var ids []string
	for it := range s.sim.Items(id) {
		ids = append(ids, it.ID)
	}
	s.rng.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	for i := range min(n, len(ids)) {
		do := s.sim.Touch
		if i%4 == 3 {
			do = s.sim.Delete
		}
		if err := do(id, ids[i]); err != nil {
			s.t.Fatal(err)
		}
	}
}

// acknowledge adds an acknowledgement of a gap of a mailbox, and one that is revoked.
func (s *testSource) acknowledge(mailbox int) {
	s.t.Helper()
	now := time.Now().UTC()
	ack := manifest.Ack{
		Format: 1, Mailbox: s.id(mailbox), Kind: manifest.AckShort, Folder: "folder", Missing: 1 + s.rng.Int64N(1<<40),
		By: "ops@host", Reason: "known", Created: now, Until: now.AddDate(1, 0, 0),
	}
	for range 2 {
		ack.Missing++
		stored, err := snapshots.PutAck(s.t.Context(), s.repo, ack)
		if err != nil {
			s.t.Fatal(err)
		}
		revocation := manifest.Ack{Format: 1, Mailbox: ack.Mailbox, By: ack.By, Reason: "mended", Created: now, Revokes: stored.ID}
		if ack.Missing%2 == 0 {
			continue
		}
		if _, err := snapshots.PutAck(s.t.Context(), s.repo, revocation); err != nil {
			s.t.Fatal(err)
		}
	}
}

// exportNightly exports every mailbox n times, with changes in between.
func (s *testSource) exportNightly(n int) {
	s.t.Helper()
	for range n {
		for m := range s.sim.Mailboxes() {
			s.export(m)
			s.acknowledge(m)
			s.change(m, 1+s.rng.IntN(12))
		}
	}
}
