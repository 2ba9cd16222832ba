package pipeline_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"gocloud.dev/blob/memblob"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/sinks"
)

// An inProcess is a simulated Graph without a network, so that time may be synctest's.
type inProcess struct{ sim *simulator.Server }

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
	p.sim.ServeHTTP(rec, r)
	resp = rec.Result()
	resp.Request = r
	return resp, nil
}

// inBubble runs f in a world whose time is synctest's, with a client of default patience.
func inBubble(t *testing.T, opts simulator.Options, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		opts.Mailboxes, opts.MaxItemSize = 1, 8<<10
		sim, err := simulator.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		client, err := graph.New(graph.Options{BaseURL: "http://127.0.0.1/v1.0", Transport: inProcess{sim}})
		if err != nil {
			t.Fatal(err)
		}
		bucket := memblob.OpenBucket(nil)
		repo, err := sinks.InitRepository(t.Context(), bucket)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { repo.Close() })
		m := sim.Mailboxes()[0]
		f(t, &world{t: t, sim: sim, client: client, repo: repo, mailbox: manifest.Mailbox{ID: m.ID, User: m.User}})
	})
}
