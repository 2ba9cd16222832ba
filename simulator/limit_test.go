package simulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/simulator"
)

// TestRequestLimit: a window of requests is full, and another begins. Other mailboxes have windows of their own.
func TestRequestLimit(t *testing.T) {
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	g := start(t, simulator.Options{Items: 20, Mailboxes: 2, RequestLimit: 3, Now: func() time.Time { return now }})
	other := *g
	other.box = g.sim.Mailboxes()[1]
	for range 3 {
		get[page[folder]](g, g.of("/folders"))
	}
	now = now.Add(4 * time.Minute)
	status, h, body := g.do(http.MethodGet, g.of("/folders"), nil)
	if status != 429 || h.Get("Retry-After") != "360" || !strings.Contains(string(body), `"innerError":{"date":"2026-05-06T07:12:09"`) {
		t.Errorf("%d %v %s", status, h, body)
	}
	get[page[folder]](&other, other.of("/folders"))
	now = now.Add(6 * time.Minute)
	get[page[folder]](g, g.of("/folders"))
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
		g.sim.Inject(simulator.Fault{Before: func() { status, h, _ = g.do(http.MethodGet, g.of("/folders"), nil) }})
		get[page[folder]](g, g.of("/folders"))
		if status != c.status || h.Get("Retry-After") != c.want {
			t.Errorf("%s: %d %q", name, status, h.Get("Retry-After"))
		}
	}
}

func TestBadOptions(t *testing.T) {
	for _, opts := range []simulator.Options{
		{Mailboxes: -1}, {Mailboxes: 2_000_000}, {Items: 1 << 40}, {ItemSize: -1}, {MinItemSize: 2 << 20, MaxItemSize: 1 << 20}, {MaxItemSize: 1 << 40}, {MaxPageSize: -1}, {Folders: -1},
		{Auxiliaries: 11}, {RequestLimit: -1}, {Latency: -1}, {ResponseRate: -1}, {TokenLifetime: -1}, {Chaos: simulator.Chaos{Rate: 900}},
		{Chaos: simulator.Chaos{Rates: map[string]int{"earthquake": 1}}},
	} {
		if _, err := simulator.New(opts); err == nil || !strings.HasPrefix(err.Error(), "simulator: ") {
			t.Errorf("%+v: error is %v", opts, err)
		}
	}
}
