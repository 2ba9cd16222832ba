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

// A history is that of one mailbox and of the repository that it is exported into.
type history struct {
	t       *testing.T
	sim     *simulator.Server
	client  *graph.Client
	mailbox manifest.Mailbox
	store   Store
	repo    *repository.Repository

	mu  sync.Mutex // guards rng: requests cause changes, too
	rng *rand.Rand

	logging sync.Mutex // guards steps
	steps   []string
}

// Run runs a number of rounds of the history with a seed, and returns how many calls of the store
// were retried. A round changes the mailbox, exports it a few times with faults, and then once
// without.
func Run(t *testing.T, seed uint64, rounds int, store Store) (retries int64) {
	h := newHistory(t, seed, store)
	for range rounds {
		h.change(h.intN(6))
		if h.intN(3) == 0 {
			h.burst(20)
		}
		for range h.intN(4) {
			h.runDisturbed()
		}
		h.runUndisturbed()
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
		opts.MaxPageSize = 1 + h.rng.IntN(3) // queries of many pages can break in the middle
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
	t.Cleanup(h.logSteps)
	return h
}

func (h *history) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *history) logf(format string, args ...any) {
	h.logging.Lock()
	defer h.logging.Unlock()
	h.steps = append(h.steps, fmt.Sprintf(format, args...))
}

// logSteps logs the number of steps, and the steps if the history failed.
func (h *history) logSteps() {
	h.logging.Lock()
	defer h.logging.Unlock()
	h.t.Logf("%d steps, %d calls of the store retried", len(h.steps), h.repo.Retries())
	if h.t.Failed() {
		for _, line := range h.steps {
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

// runDisturbed exports the mailbox with faults and changes, and may be cancelled.
func (h *history) runDisturbed() {
	var injected []*simulator.Injection
	for range h.intN(4) {
		f := h.fault()
		injected = append(injected, h.sim.Inject(f))
		h.logf("fault %+v", f)
	}
	if h.intN(2) == 0 {
		during := simulator.Fault{Skip: h.intN(20), Every: 1 + h.intN(15), Times: 1 + h.intN(8), Before: func() { h.change(1) }}
		injected = append(injected, h.sim.Inject(during))
		h.logf("changes during %d, %d, %d", during.Skip, during.Every, during.Times)
	}
	ctx, cancel := context.WithCancel(h.t.Context())
	defer cancel()
	switch h.intN(5) {
	case 0, 1:
		h.logf("store: %s", h.store.Break(h.t, h.intN))
	case 2, 3:
		n := h.intN(60)
		injected = append(injected, h.sim.Inject(simulator.Fault{Skip: n, Before: cancel}))
		h.logf("cancelled at request %d", n)
	}
	opts := pipeline.Options{CheckpointBytes: int64(1 + h.intN(100_000)), Full: h.intN(8) == 0, NoProperties: h.intN(4) == 0}
	before := h.changeKeys()
	rep, err := pipeline.Run(ctx, h.job(), opts)
	h.logf("run: %+v, %v", rep, err)
	if err == nil {
		if err := rep.Run.Check(); err != nil {
			h.t.Error(err)
		}
	}
	for _, i := range injected {
		i.Remove()
	}
	h.store.Repair(h.t)
	h.verify()
	if err == nil && rep.State == manifest.StateComplete {
		h.checkComplete(rep, before, h.changeKeys())
	}
}

// runUndisturbed exports the mailbox without faults and changes.
func (h *history) runUndisturbed() {
	rep, err := pipeline.Run(h.t.Context(), h.job(), pipeline.Options{})
	h.logf("undisturbed run: %+v, %v", rep, err)
	if err != nil || !rep.Whole() || rep.Run.Check() != nil {
		h.t.Errorf("undisturbed run: %+v, %v", rep, err)
		return
	}
	h.verify()
	CheckHeld(h.t, h.repo, h.sim, h.mailbox.ID)
	h.checkFolders()
}
