package simulator_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/simulator"
)

// TestConcurrency checks that each mailbox serves its own number of requests at once.
func TestConcurrency(t *testing.T) {
	g := start(t, simulator.Options{Items: 20, Mailboxes: 2, Concurrency: 2, RetryAfter: 1500 * time.Millisecond})
	inside, leave := make(chan bool), make(chan bool)
	g.sim.Inject(simulator.Fault{Times: 2, Before: func() { inside <- true; <-leave }})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			resp, err := g.send(http.MethodGet, g.inMailbox("/folders"), nil)
			if err != nil || resp.StatusCode != 200 {
				t.Errorf("%v %v", resp, err)
				return
			}
			resp.Body.Close()
		})
	}
	<-inside
	<-inside
	status, h, body := g.do(http.MethodGet, g.inMailbox("/folders"), nil)
	if status != 429 || h.Get("Retry-After") != "2" ||
		string(body) != `{"error":{"code":"ApplicationThrottled","message":"Application is over its MailboxConcurrency limit."}}` {
		t.Errorf("third request: %d %v %s", status, h, body)
	}
	other := *g
	other.box = g.sim.Mailboxes()[1]
	get[page[folder]](&other, other.inMailbox("/folders"))
	close(leave)
	wg.Wait()
	get[page[folder]](g, g.inMailbox("/folders"))
}

// TestRequestLimit checks that a window of requests fills up and another begins, and that each
// mailbox has its own.
func TestRequestLimit(t *testing.T) {
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	g := start(t, simulator.Options{Items: 20, Mailboxes: 2, RequestLimit: 3, Now: func() time.Time { return now }})
	other := *g
	other.box = g.sim.Mailboxes()[1]
	for range 3 {
		get[page[folder]](g, g.inMailbox("/folders"))
	}
	now = now.Add(4 * time.Minute)
	status, h, body := g.do(http.MethodGet, g.inMailbox("/folders"), nil)
	if status != 429 || h.Get("Retry-After") != "360" || !strings.Contains(string(body), `"innerError":{"date":"2026-05-06T07:12:09"`) {
		t.Errorf("%d %v %s", status, h, body)
	}
	get[page[folder]](&other, other.inMailbox("/folders"))
	now = now.Add(6 * time.Minute)
	get[page[folder]](g, g.inMailbox("/folders"))
	if n := g.sim.Stats().Statuses[429]; n != 1 {
		t.Errorf("%d requests were throttled", n)
	}
}

func TestRetryAfterForms(t *testing.T) {
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	for name, c := range map[string]struct {
		opts   simulator.Options
		status int
		want   string
	}{
		"seconds": {simulator.Options{RetryAfter: 90 * time.Second}, 429, "90"},
		"date":    {simulator.Options{RetryAfter: 90 * time.Second, RetryAfterDate: true}, 429, "Wed, 06 May 2026 07:09:39 GMT"},
		"none":    {simulator.Options{RetryAfter: -1}, 429, ""},
		"503":     {simulator.Options{BusyAs503: true}, 503, "1"},
	} {
		c.opts.Now, c.opts.Concurrency = func() time.Time { return now }, 1
		g := start(t, c.opts)
		var status int
		var h http.Header
		g.sim.Inject(simulator.Fault{Before: func() { status, h, _ = g.do(http.MethodGet, g.inMailbox("/folders"), nil) }})
		get[page[folder]](g, g.inMailbox("/folders"))
		if status != c.status || h.Get("Retry-After") != c.want {
			t.Errorf("%s: %d %q", name, status, h.Get("Retry-After"))
		}
	}
}
