package pipeline_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"gocloud.dev/blob/memblob"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/internal/race"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/simulator"
)

// inBubble runs a test by a clock that moves only when every goroutine waits. So a sleep
// lasts until everything else has done what it can. Graph answers in the process.
func inBubble(t *testing.T, opts simulator.Options, test func(w *world)) {
	t.Helper()
	bubble(t, opts, time.Millisecond, test)
}

// inPatientBubble is inBubble with a client that waits as long as it does by default.
func inPatientBubble(t *testing.T, opts simulator.Options, test func(t *testing.T, w *world)) {
	t.Helper()
	opts.MaxItemSize = 8 << 10
	bubble(t, opts, 0, func(w *world) { test(w.t.(*testing.T), w) })
}

func bubble(t *testing.T, opts simulator.Options, retryDelay time.Duration, test func(w *world)) {
	t.Helper()
	if race.Enabled {
		// Go 1.26's race detector crashes when tickers of several goroutines in a bubble
		// have expired: it takes their one context for two threads.
		t.Skip("make test runs this again without the race detector")
	}
	synctest.Test(t, func(t *testing.T) {
		opts.Mailboxes, opts.MaxItemSize = 1, cmp.Or(opts.MaxItemSize, 300<<10)
		sim, err := simulator.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		m := sim.Mailboxes()[0]
		w := &world{t: t, sim: sim, mailbox: manifest.Mailbox{ID: m.ID, User: m.User}}
		w.repo = newRepository(t, memblob.OpenBucket(nil))
		w.connect(sim, retryDelay)
		test(w)
	})
}

// answerWith has a handler be the world's Graph, in the process.
func (w *world) answerWith(h http.Handler) { w.connect(h, time.Millisecond) }

func (w *world) connect(h http.Handler, retryDelay time.Duration) {
	client, err := graph.New(graph.Options{
		BaseURL: "http://127.0.0.1/v1.0", Transport: inProcess{h}, RetryDelay: retryDelay, Budget: -1,
	})
	w.check(err)
	w.t.Cleanup(client.Close)
	w.client = client
}

// inProcess sends requests to a handler.
type inProcess struct{ http.Handler }

func (p inProcess) Do(r *http.Request) (resp *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	defer func() {
		if aborted := recover(); aborted != nil {
			resp, err = nil, fmt.Errorf("the connection broke: %v", aborted)
		}
	}()
	rec := httptest.NewRecorder()
	p.ServeHTTP(rec, r)
	resp = rec.Result()
	resp.Request = r
	return resp, nil
}
