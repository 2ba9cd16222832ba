package graph_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailhaul/mailhaul/graph"
)

// inBubble runs f with a client whose time is synctest's, with default patience.
func inBubble(t *testing.T, h http.HandlerFunc, opts graph.Options, f func(t *testing.T, c *graph.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		opts.BaseURL, opts.Transport = "http://127.0.0.1/v1.0", inProcess(h)
		opts.RetryDelay = max(opts.RetryDelay, time.Second)
		f(t, newClientAt(t, opts))
	})
}

func listAll(t *testing.T, m *graph.MailboxClient) error {
	for _, err := range m.AllItems(t.Context(), "f") {
		if err != nil {
			return err
		}
	}
	return nil
}

// waits returns the times between the requests of one call, which ends with err.
func waits(t *testing.T, h http.HandlerFunc, opts graph.Options) (waits []time.Duration, err error) {
	t.Helper()
	var last time.Time
	inBubble(t, func(w http.ResponseWriter, r *http.Request) {
		if now := time.Now(); !last.IsZero() {
			waits = append(waits, now.Sub(last))
		}
		last = time.Now()
		h(w, r)
	}, opts, func(t *testing.T, c *graph.Client) {
		err = c.Open(mailboxID).Probe(t.Context())
	})
	return waits, err
}

func TestRetryAfter(t *testing.T) {
	date := func(d time.Duration) func() string {
		return func() string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	}
	text := func(s string) func() string { return func() string { return s } }
	tests := []struct {
		name        string
		header      func() string
		least, most time.Duration
	}{
		{"seconds", text("7"), 7 * time.Second, 7 * time.Second},
		{"fraction", text(" 2.5 "), 2500 * time.Millisecond, 2500 * time.Millisecond},
		{"date", date(20 * time.Second), 20 * time.Second, 20 * time.Second},
		{"far too long", text("1e300"), 10 * time.Minute, 10 * time.Minute},
		{"without end", text("Inf"), 10 * time.Minute, 10 * time.Minute},
		{"far date", date(time.Hour), 10 * time.Minute, 10 * time.Minute},
		{"none", text("0"), time.Second / 2, time.Second},
		{"negative", text("-5"), time.Second / 2, time.Second},
		{"past date", date(-time.Hour), time.Second / 2, time.Second},
		{"absent", text(""), 15 * time.Second, 16500 * time.Millisecond},
		{"no time", text("soon"), 15 * time.Second, 16500 * time.Millisecond},
		{"no number", text("NaN"), 15 * time.Second, 16500 * time.Millisecond},
	}
	for _, status := range []int{429, 503} {
		for _, tt := range tests {
			t.Run(fmt.Sprint(status, " ", tt.name), func(t *testing.T) {
				n := 0
				got, err := waits(t, func(w http.ResponseWriter, _ *http.Request) {
					if n++; n > 1 {
						fmt.Fprint(w, `{"value":[]}`)
						return
					}
					if s := tt.header(); s != "" {
						w.Header().Set("Retry-After", s)
					}
					w.WriteHeader(status) // with an empty body
				}, graph.Options{})
				if err != nil || len(got) != 1 || got[0] < tt.least || got[0] > tt.most {
					t.Errorf("waited %v, want %v to %v: %v", got, tt.least, tt.most, err)
				}
			})
		}
	}
}

// TestThrottledForLong holds that pauses grow, and that time ends the patience with a Graph
// that asks to wait, not attempts.
func TestThrottledForLong(t *testing.T) {
	throttle := func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, 429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.")
	}
	got, err := waits(t, throttle, graph.Options{})
	graphError(t, err, 429, "ApplicationThrottled")
	total := time.Duration(0)
	for i, d := range got {
		want := time.Duration(min(15*(i+1), 60)) * time.Second
		if d < want || d > want+want/10 {
			t.Errorf("pause %d is %v, want %v and a tenth at most", i, d, want)
		}
		total += d
	}
	if total > 30*time.Minute || total < 28*time.Minute {
		t.Errorf("gave up after %v", total)
	}
	got, err = waits(t, throttle, graph.Options{MaxRetryTime: 2 * time.Minute})
	graphError(t, err, 429, "ApplicationThrottled")
	if len(got) != 3 { // 15, 30 and 45 seconds; another 60 would be too many
		t.Errorf("waited %v", got)
	}
}

// TestAskedToWait: however often Graph asks to wait, and with whatever status, a request
// goes on until it succeeds.
func TestAskedToWait(t *testing.T) {
	for _, tt := range []struct {
		status      int
		code, pause string
		requests    int
		each        time.Duration // between them; 0: any
	}{
		{429, "ApplicationThrottled", "1", 45, time.Second},
		{429, "", "1", 200, time.Second},
		{429, "TooManyRequests", "0", 25, 0},
		{503, "ErrorServerBusy", "1", 200, time.Second},
		{503, "", "", 25, 0},
	} {
		n := 0
		got, err := waits(t, func(w http.ResponseWriter, _ *http.Request) {
			if n++; n > tt.requests {
				fmt.Fprint(w, `{"value":[]}`)
				return
			}
			if tt.pause != "" {
				w.Header().Set("Retry-After", tt.pause)
			}
			refuse(w, tt.status, tt.code, "")
		}, graph.Options{})
		if err != nil || len(got) != tt.requests {
			t.Errorf("%d %s, Retry-After %q: gave up after %d requests: %v", tt.status, tt.code, tt.pause, n, err)
		}
		for _, d := range got {
			if tt.each > 0 && d != tt.each {
				t.Errorf("%d %s, Retry-After %q: waited %v", tt.status, tt.code, tt.pause, d)
			}
		}
	}
}

// TestUnexplained: a refusal without Graph's reason does not count at once, nor is it repeated
// for ever; one with a reason is.
func TestUnexplained(t *testing.T) {
	page := func(w http.ResponseWriter, status int) {
		w.WriteHeader(status)
		fmt.Fprint(w, "<html>Bad Request</html>")
	}
	none := func(w http.ResponseWriter, status int) { w.WriteHeader(status) }
	empty := func(w http.ResponseWriter, status int) { w.WriteHeader(status); fmt.Fprint(w, `{"error":{}}`) }
	reason := func(w http.ResponseWriter, status int) { refuse(w, status, "ErrorAccessDenied", "why") }
	message := func(w http.ResponseWriter, status int) { refuse(w, status, "", "why") }
	for _, status := range []int{400, 403, 404, 409, 423} {
		for name, tt := range map[string]struct {
			answer   func(http.ResponseWriter, int)
			once     bool
			requests int
		}{
			"page once": {page, true, 2}, "page": {page, false, 5}, "nothing once": {none, true, 2}, "nothing": {none, false, 5},
			"empty once": {empty, true, 2}, "reason": {reason, false, 1}, "message": {message, false, 1},
		} {
			n := 0
			inBubble(t, func(w http.ResponseWriter, r *http.Request) {
				if n++; tt.once && n > 1 {
					fmt.Fprint(w, `{"primaryMailboxId":"MBX:p"}`)
					return
				}
				tt.answer(w, status)
			}, graph.Options{}, func(t *testing.T, c *graph.Client) {
				_, err := c.Mailboxes(t.Context(), "a", false)
				want := tt.requests
				if status == 400 && !tt.once {
					want *= 2 // beta is asked too
				}
				if (err == nil) != tt.once || n != want {
					t.Errorf("%d, %s: %d requests, want %d: %v", status, name, n, want, err)
				}
			})
		}
	}
}

// TestUnavailableFolder: a request that is refused while others are answered slows none of
// them; refusals in a row slow all.
func TestUnavailableFolder(t *testing.T) {
	serve := func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "bad") {
			refuse(w, 503, "ErrorServerBusy", "")
			return
		}
		time.Sleep(100 * time.Millisecond)
		fmt.Fprint(w, `{"value":[]}`)
	}
	for bad, slowed := range map[int]bool{1: false, 3: true} {
		inBubble(t, serve, graph.Options{}, func(t *testing.T, c *graph.Client) {
			m, began := c.Open("MBX:a"), time.Now()
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			for range bad {
				wg.Go(func() { _, _ = m.Folder(ctx, "bad") })
			}
			synctest.Wait()
			request(t, m, 4, 400)
			if took := time.Since(began); (took > 41*time.Second) != slowed {
				t.Errorf("%d are refused: the others took %v", bad, took)
			}
			cancel()
			wg.Wait()
		})
	}
}

func TestBackoff(t *testing.T) {
	got, err := waits(t, func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, 408, "Timeout", "")
	}, graph.Options{RetryDelay: 4 * time.Second, MaxAttempts: 8})
	graphError(t, err, 408, "Timeout")
	if len(got) != 7 {
		t.Fatalf("waited %v", got)
	}
	for i, d := range got {
		most := min(4*time.Second<<i, time.Minute)
		if d < most/2 || d > most {
			t.Errorf("pause %d is %v, want %v to %v", i, d, most/2, most)
		}
	}
}

// A busyServer answers after some time, counts the requests in flight, and refuses
// those above its limit, a mailbox each.
type busyServer struct {
	limit   func(mailbox string) int
	latency time.Duration

	mu       sync.Mutex
	inFlight map[string]int
	most     map[string]int
	started  []time.Time
}

func (s *busyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	mailbox := mailboxOf(r)
	s.mu.Lock()
	if s.inFlight == nil {
		s.inFlight, s.most = map[string]int{}, map[string]int{}
	}
	s.inFlight[mailbox]++
	n := s.inFlight[mailbox]
	s.most[mailbox] = max(s.most[mailbox], n)
	s.started = append(s.started, time.Now())
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.inFlight[mailbox]--
	}()
	if n > s.limit(mailbox) {
		w.Header().Set("Retry-After", "3")
		refuse(w, 429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.")
		return
	}
	time.Sleep(s.latency)
	fmt.Fprint(w, `{"value":[]}`)
}

func mailboxOf(r *http.Request) string {
	var id string
	if _, err := fmt.Sscanf(r.URL.Path, "/v1.0/admin/exchange/mailboxes/MBX:%1s", &id); err != nil {
		return ""
	}
	return id
}

// request sends so many requests from so many goroutines.
func request(t *testing.T, m *graph.MailboxClient, workers, each int) {
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				if err := listAll(t, m); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestFourInFlight(t *testing.T) {
	for _, most := range []int{1, 3, 4} {
		s := &busyServer{limit: func(string) int { return 100 }, latency: time.Second}
		inBubble(t, s.ServeHTTP, graph.Options{MaxInFlight: most}, func(t *testing.T, c *graph.Client) {
			m, began := c.Open("MBX:a"), time.Now()
			go func() {
				time.Sleep(500 * time.Millisecond)
				if got := m.Stats(); got.InFlight != most || got.Limit != most || got.Budget.Used != most {
					t.Errorf("got %+v", got)
				}
			}()
			request(t, m, 12, 2)
			if got := time.Since(began); got < time.Duration(24/most)*time.Second || got > time.Duration(24/most+2)*time.Second {
				t.Errorf("%d in flight: took %v", most, got)
			}
			if s.most["a"] != most {
				t.Errorf("%d were in flight, want %d", s.most["a"], most)
			}
		})
	}
}

// TestLimiterLearns holds that a service which takes fewer requests at once than
// the client may send refuses less than 1 % of a run.
func TestLimiterLearns(t *testing.T) {
	for limit := 1; limit <= 4; limit++ {
		s := &busyServer{limit: func(string) int { return limit }, latency: 100 * time.Millisecond}
		inBubble(t, s.ServeHTTP, graph.Options{}, func(t *testing.T, c *graph.Client) {
			m, began := c.Open("MBX:a"), time.Now()
			request(t, m, 8, 250)
			stats := m.Stats()
			if stats.Throttled*100 >= stats.Requests || (limit == 4) != (stats.Throttled == 0) {
				t.Errorf("limit %d: %+v", limit, stats)
			}
			ideal := time.Duration(2000/limit) * s.latency
			if took := time.Since(began); took > 2*ideal {
				t.Errorf("limit %d: took %v, at best %v", limit, took, ideal)
			}
		})
	}
}

// TestLimiterRecovers holds that after a time of throttling the limit is back.
func TestLimiterRecovers(t *testing.T) {
	var limit atomic.Int64
	limit.Store(1)
	s := &busyServer{limit: func(string) int { return int(limit.Load()) }, latency: 10 * time.Millisecond}
	inBubble(t, s.ServeHTTP, graph.Options{Budget: -1}, func(t *testing.T, c *graph.Client) {
		m := c.Open("MBX:a")
		request(t, m, 8, 20)
		if got := m.Stats().Limit; got != 1 {
			t.Errorf("the limit is %d while the service takes 1", got)
		}
		limit.Store(4)
		request(t, m, 8, 400)
		if got := m.Stats().Limit; got != 4 {
			t.Errorf("the limit is %d after the service took 4 for long", got)
		}
	})
}

// TestLimiterAfterOutage holds that a service which was not there for a while, for
// no number of requests, soon gets as many as before.
func TestLimiterAfterOutage(t *testing.T) {
	var limit atomic.Int64
	s := &busyServer{limit: func(string) int { return int(limit.Load()) }, latency: 10 * time.Millisecond}
	inBubble(t, s.ServeHTTP, graph.Options{}, func(t *testing.T, c *graph.Client) {
		m := c.Open("MBX:a")
		time.AfterFunc(15*time.Second, func() { limit.Store(4) })
		request(t, m, 8, 1)
		if got := m.Stats(); got.Limit > 2 || got.Throttled == 0 {
			t.Errorf("got %+v", got)
		}
		request(t, m, 8, 10)
		if got := m.Stats().Limit; got != 4 {
			t.Errorf("the limit is %d after 80 requests", got)
		}
	})
}

// TestMailboxesApart holds that a mailbox which is throttled slows no other.
func TestMailboxesApart(t *testing.T) {
	s := &busyServer{latency: 100 * time.Millisecond, limit: func(mailbox string) int {
		if mailbox == "a" {
			return 0
		}
		return 4
	}}
	inBubble(t, s.ServeHTTP, graph.Options{}, func(t *testing.T, c *graph.Client) {
		slow := make(chan error, 1)
		go func() { slow <- listAll(t, c.Open("MBX:a")) }()
		time.Sleep(time.Millisecond)
		began := time.Now()
		request(t, c.Open("MBX:b"), 4, 25)
		if took := time.Since(began); took != 25*s.latency {
			t.Errorf("took %v", took)
		}
		graphError(t, <-slow, 429, "")
	})
}

// TestClientsShareLimits holds that two clients of a mailbox share what it takes.
func TestClientsShareLimits(t *testing.T) {
	s := &busyServer{limit: func(string) int { return 4 }, latency: 100 * time.Millisecond}
	inBubble(t, s.ServeHTTP, graph.Options{}, func(t *testing.T, c *graph.Client) {
		one, other := c.Open("MBX:a"), c.Open("mbx:A")
		var wg sync.WaitGroup
		wg.Go(func() { request(t, one, 4, 20) })
		request(t, other, 4, 20)
		wg.Wait()
		if one.Stats().Throttled+other.Stats().Throttled > 0 || one.Stats().Budget.Used != 160 {
			t.Errorf("got %+v and %+v", one.Stats(), other.Stats())
		}
	})
}

// TestBudget sends requests as fast as they go: in no ten minutes are they more than
// the budget, they are slowed down only when it gets short, and never stop.
func TestBudget(t *testing.T) {
	const allowed, total = 500, 2000
	s := &busyServer{limit: func(string) int { return 4 }, latency: 20 * time.Millisecond}
	inBubble(t, s.ServeHTTP, graph.Options{Budget: allowed}, func(t *testing.T, c *graph.Client) {
		m := c.Open("MBX:a")
		request(t, m, 4, total/4)
		if b := m.Stats().Budget; b.Allowed != allowed || b.Used > allowed || b.Used < allowed/2 ||
			time.Until(b.Resets) < 0 || time.Until(b.Resets) > 11*time.Minute {
			t.Errorf("got %+v", b)
		}
	})
	slices.SortFunc(s.started, time.Time.Compare)
	if free := s.started[allowed*4/5-1].Sub(s.started[0]); free > allowed*s.latency/4 {
		t.Errorf("the first four fifths took %v", free)
	}
	for i := allowed; i < total; i++ {
		if d := s.started[i].Sub(s.started[i-allowed]); d < 10*time.Minute {
			t.Fatalf("%d requests in %v", allowed+1, d)
		}
	}
	for i := 1; i < total; i++ {
		if d := s.started[i].Sub(s.started[i-1]); d > 30*time.Second {
			t.Fatalf("request %d waited %v", i, d)
		}
	}
	if took, ideal := s.started[total-1].Sub(s.started[0]), 10*time.Minute*total/allowed; took > ideal*5/4 {
		t.Errorf("took %v, at best %v", took, ideal)
	}
}

// TestLimitersForgotten holds that mailboxes which idle leave nothing behind, and
// those that were of use lately keep what they used.
func TestLimitersForgotten(t *testing.T) {
	s := &busyServer{limit: func(string) int { return 4 }}
	inBubble(t, s.ServeHTTP, graph.Options{}, func(t *testing.T, c *graph.Client) {
		open := func(n int) {
			for i := range 300 {
				request(t, c.Open(fmt.Sprintf("MBX:%d-%d", n, i)), 1, 1)
			}
		}
		open(0)
		time.Sleep(11 * time.Minute)
		request(t, c.Open("MBX:kept"), 1, 3)
		open(1)
		open(2)
		if n := graph.Limiters(c); n > 700 {
			t.Errorf("there are limiters for %d mailboxes", n)
		}
		if got := c.Open("MBX:kept").Stats().Budget.Used; got != 3 {
			t.Errorf("%d requests are counted of 3", got)
		}
	})
}
