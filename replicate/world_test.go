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

// A place is a repository and the store that it lies in.
type place struct {
	t     *testing.T
	store *memstore.Store
	repo  *repository.Repository
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{t: t, store: memstore.New()}
	var err error
	if p.repo, err = repository.Init(t.Context(), p.store.Open()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.repo.Close() })
	p.store.Calls()
	return p
}

func (p *place) keys(prefix string) (keys []string) {
	p.t.Helper()
	for o, err := range p.repo.Objects(p.t.Context()) {
		if err != nil {
			p.t.Fatal(err)
		}
		if strings.HasPrefix(o.Key, prefix) {
			keys = append(keys, o.Key)
		}
	}
	return keys
}

func (p *place) read(key string) []byte {
	p.t.Helper()
	data, err := p.store.Open().ReadAll(p.t.Context(), key)
	if err != nil {
		p.t.Fatal(err)
	}
	return data
}

func (p *place) write(key string, data []byte) {
	p.t.Helper()
	if err := p.store.Open().WriteAll(p.t.Context(), key, data, nil); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) remove(key string) {
	p.t.Helper()
	if err := p.store.Open().Delete(p.t.Context(), key); err != nil {
		p.t.Fatal(err)
	}
}

// flip changes a bit in the middle of an object.
func (p *place) flip(key string) {
	p.t.Helper()
	data := bytes.Clone(p.read(key))
	data[len(data)/2] ^= 1
	p.write(key, data)
}

// verify expects the repository to be whole.
func (p *place) verify() *restore.Verification {
	p.t.Helper()
	v, err := restore.Verify(p.t.Context(), p.repo, restore.VerifyOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, problem := range v.Problems {
		p.t.Errorf("%s: %s", problem.Object, problem.Error)
	}
	return v
}

// content returns what lies below refs/, which stands for all that it refers to, and acks/.
func (p *place) content() map[string]string {
	p.t.Helper()
	content := map[string]string{}
	for _, key := range append(p.keys("refs/"), p.keys("acks/")...) {
		content[key] = string(p.read(key))
	}
	return content
}

// copyTo copies and expects neither an error nor a problem.
func (p *place) copyTo(to *place) *replicate.Report {
	p.t.Helper()
	report, err := replicate.Copy(p.t.Context(), p.repo, to.repo, replicate.Options{})
	if err != nil || report.Found > 0 {
		p.t.Fatalf("%+v, %v", report, err)
	}
	return report
}

// checkCopy expects a whole copy of p, and nothing else.
func (p *place) checkCopy(to *place) {
	p.t.Helper()
	if diff := cmp.Diff(p.content(), to.content()); diff != "" {
		p.t.Errorf("refs differ (-source +target):\n%s", diff)
	}
	ours, theirs := p.verify(), to.verify()
	ours.Unreferenced, ours.Packs, ours.Chunks, ours.Bytes = 0, theirs.Packs, theirs.Chunks, theirs.Bytes
	if diff := cmp.Diff(ours, theirs); diff != "" {
		p.t.Errorf("the copy verifies differently (-source +target):\n%s", diff)
	}
}

// An office is a repository into which some simulated mailboxes are exported.
type office struct {
	*place
	sim    *simulator.Server
	client *graph.Client
	rng    *rand.Rand
}

func newOffice(t *testing.T, seed uint64, mailboxes int) *office {
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
	return &office{place: newPlace(t), sim: sim, client: client, rng: rand.New(rand.NewPCG(seed, 3))}
}

// export adds a snapshot of a mailbox.
func (o *office) export(mailbox int) { o.exportTo(o.place, mailbox) }

func (o *office) exportTo(p *place, mailbox int) {
	o.t.Helper()
	id := o.id(mailbox)
	job := pipeline.Job{Source: o.client.Open(id), Repository: p.repo, Mailbox: manifest.Mailbox{ID: id}, Graph: manifest.Graph{Version: "v1.0"}}
	if _, err := pipeline.Run(o.t.Context(), job, pipeline.Options{}); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) id(mailbox int) string { return o.sim.Mailboxes()[mailbox].ID }

// change changes some items of a mailbox.
func (o *office) change(mailbox, n int) {
	o.t.Helper()
	id := o.id(mailbox)
	var ids []string
	for it := range o.sim.Items(id) {
		ids = append(ids, it.ID)
	}
	o.rng.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	for i := range min(n, len(ids)) {
		do := o.sim.Touch
		if i%4 == 3 {
			do = o.sim.Delete
		}
		if err := do(id, ids[i]); err != nil {
			o.t.Fatal(err)
		}
	}
}

// acknowledge adds an acknowledgement about a mailbox, and one that is revoked.
func (o *office) acknowledge(mailbox int) {
	o.t.Helper()
	now := time.Now().UTC()
	ack := manifest.Ack{
		Format: 1, Mailbox: o.id(mailbox), Kind: manifest.AckShort, Folder: "folder", Missing: 1 + o.rng.Int64N(1<<40),
		By: "ops@host", Reason: "known", Created: now, Until: now.AddDate(1, 0, 0),
	}
	for range 2 {
		ack.Missing++
		stored, err := snapshots.PutAck(o.t.Context(), o.repo, ack)
		if err != nil {
			o.t.Fatal(err)
		}
		revocation := manifest.Ack{Format: 1, Mailbox: ack.Mailbox, By: ack.By, Reason: "mended", Created: now, Revokes: stored.ID}
		if ack.Missing%2 == 0 {
			continue
		}
		if _, err := snapshots.PutAck(o.t.Context(), o.repo, revocation); err != nil {
			o.t.Fatal(err)
		}
	}
}

// nights exports every mailbox so many times, with changes between.
func (o *office) nights(n int) {
	o.t.Helper()
	for range n {
		for m := range o.sim.Mailboxes() {
			o.export(m)
			o.acknowledge(m)
			o.change(m, 1+o.rng.IntN(12))
		}
	}
}
