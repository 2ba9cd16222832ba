package histories

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/simulator"
)

// A history is the life of one mailbox and of the repository that it is exported into.
type history struct {
	t       *testing.T
	sim     *simulator.Server
	client  *graph.Client
	mailbox manifest.Mailbox
	store   Store
	repo    *repository.Repository

	mu  sync.Mutex // guards rng: requests cause changes too
	rng *rand.Rand

	telling sync.Mutex // guards what follows
	story   []string
}

// Live lives through some rounds of the history that a seed stands for, and returns how many calls
// of the store failed and were tried again. A round changes the mailbox, exports it some times
// under trouble, and then once without.
func Live(t *testing.T, seed uint64, rounds int, store Store) (retries int64) {
	h := newHistory(t, seed, store)
	for range rounds {
		h.change(h.intN(6))
		if h.intN(3) == 0 {
			h.burst(20)
		}
		for range h.intN(4) {
			h.eventful()
		}
		h.quiet()
		if t.Failed() {
			break
		}
	}
	return h.repo.Retries()
}

func newHistory(t *testing.T, seed uint64, store Store) *history {
	h := &history{t: t, rng: rand.New(rand.NewPCG(seed, 7)), store: store}
	opts := simulator.Options{
		Seed: seed, Mailboxes: 1, Items: 30 + h.rng.IntN(60), ItemSize: 3500, MaxItemSize: 300 << 10,
		MaxPageSize: 5 + h.rng.IntN(40), Concurrency: 3 + h.rng.IntN(3),
	}
	if h.rng.IntN(2) == 0 {
		opts.MaxPageSize = 1 + h.rng.IntN(3) // queries of many pages break in the middle
	}
	var err error
	h.sim, err = simulator.New(opts)
	h.check(err)
	server := httptest.NewServer(h.sim)
	t.Cleanup(server.Close)
	h.client, err = graph.New(graph.Options{BaseURL: server.URL + "/v1.0", RetryDelay: time.Millisecond, Budget: -1})
	h.check(err)
	t.Cleanup(h.client.Close)
	m := h.sim.Mailboxes()[0]
	h.mailbox = manifest.Mailbox{ID: m.ID, User: m.User}
	h.repo, err = repository.Init(t.Context(), store.Open(t))
	h.check(err)
	t.Cleanup(func() { h.repo.Close() })
	t.Cleanup(h.recount)
	return h
}

func (h *history) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *history) tell(format string, args ...any) {
	h.telling.Lock()
	defer h.telling.Unlock()
	h.story = append(h.story, fmt.Sprintf(format, args...))
}

// recount logs how long the history is, and its steps if it failed.
func (h *history) recount() {
	h.telling.Lock()
	defer h.telling.Unlock()
	h.t.Logf("%d steps, %d calls of the store tried again", len(h.story), h.repo.Retries())
	if h.t.Failed() {
		for _, line := range h.story {
			h.t.Log(line)
		}
	}
}

func (h *history) intN(n int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rng.IntN(n)
}

func (h *history) job() pipeline.Job {
	return pipeline.Job{Source: h.client.Open(h.mailbox.ID), Repository: h.repo, Mailbox: h.mailbox, Graph: manifest.Graph{Version: "v1.0"}}
}

// eventful is a run under faults and changes, which may be cut off.
func (h *history) eventful() {
	var injected []*simulator.Injection
	for range h.intN(4) {
		f := h.fault()
		injected = append(injected, h.sim.Inject(f))
		h.tell("fault %+v", f)
	}
	if h.intN(2) == 0 {
		during := simulator.Fault{Skip: h.intN(20), Every: 1 + h.intN(15), Times: 1 + h.intN(8), Before: func() { h.change(1) }}
		injected = append(injected, h.sim.Inject(during))
		h.tell("changes during %d, %d, %d", during.Skip, during.Every, during.Times)
	}
	ctx, cancel := context.WithCancel(h.t.Context())
	defer cancel()
	switch h.intN(5) {
	case 0, 1:
		h.tell("store: %s", h.store.Harm(h.t, h.intN))
	case 2, 3:
		n := h.intN(60)
		injected = append(injected, h.sim.Inject(simulator.Fault{Skip: n, Before: cancel}))
		h.tell("interrupted at request %d", n)
	}
	opts := pipeline.Options{CheckpointBytes: int64(1 + h.intN(100_000)), Full: h.intN(8) == 0, NoProperties: h.intN(4) == 0}
	before := h.truth()
	rep, err := pipeline.Run(ctx, h.job(), opts)
	h.tell("run: %+v, %v", rep, err)
	if err == nil {
		if err := rep.Run.Check(); err != nil {
			h.t.Error(err)
		}
	}
	for _, i := range injected {
		i.Remove()
	}
	h.store.Heal(h.t)
	h.whole()
	if err == nil && rep.State == manifest.StateComplete {
		h.checkClaim(rep, before, h.truth())
	}
}

// quiet is a run that nothing disturbs.
func (h *history) quiet() {
	rep, err := pipeline.Run(h.t.Context(), h.job(), pipeline.Options{})
	h.tell("quiet run: %+v, %v", rep, err)
	if err != nil || !rep.Whole() || rep.Run.Check() != nil {
		h.t.Errorf("quiet run: %+v, %v", rep, err)
		return
	}
	h.whole()
	CheckEqual(h.t, h.repo, h.sim, h.mailbox.ID)
	h.checkFolders()
}
