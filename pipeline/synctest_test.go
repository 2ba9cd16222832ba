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

// inBubble runs a test in a bubble of testing/synctest: time moves only when all goroutines wait. A
// sleep lasts until everything else has done what it can. Graph answers in the same process.
func inBubble(t *testing.T, opts simulator.Options, test func(fx *fixture)) {
	t.Helper()
	bubble(t, opts, time.Millisecond, test)
}

// inDefaultDelayBubble is inBubble with the client's default delays before retries.
func inDefaultDelayBubble(t *testing.T, opts simulator.Options, test func(t *testing.T, fx *fixture)) {
	t.Helper()
	opts.MaxItemSize = 8 << 10
	bubble(t, opts, 0, func(fx *fixture) { test(fx.t.(*testing.T), fx) })
}

func bubble(t *testing.T, opts simulator.Options, retryDelay time.Duration, test func(fx *fixture)) {
	t.Helper()
	if race.Enabled {
		// Go 1.26's race detector crashes when tickers of several goroutines in a bubble
		// have expired: it takes their shared context for two threads.
		t.Skip("make test runs this again without the race detector")
	}
	synctest.Test(t, func(t *testing.T) {
		opts.Mailboxes, opts.MaxItemSize = 1, cmp.Or(opts.MaxItemSize, 300<<10)
		sim, err := simulator.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		m := sim.Mailboxes()[0]
		fx := &fixture{t: t, sim: sim, mailbox: manifest.Mailbox{ID: m.ID, User: m.User}}
		fx.repo = newRepository(t, memblob.OpenBucket(nil))
		fx.connect(sim, retryDelay)
		test(fx)
	})
}

// answerWith replaces Graph by a handler in the same process.
func (fx *fixture) answerWith(h http.Handler) { fx.connect(h, time.Millisecond) }

func (fx *fixture) connect(h http.Handler, retryDelay time.Duration) {
	client, err := graph.New(graph.Options{
		BaseURL: "http://127.0.0.1/v1.0", Transport: inProcess{h}, RetryDelay: retryDelay, Budget: -1,
	})
	fx.check(err)
	fx.t.Cleanup(client.Close)
	fx.client = client
}

// An inProcess client sends requests to a handler.
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
