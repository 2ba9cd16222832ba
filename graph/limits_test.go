package graph_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/graph"
)

// A busyServer answers after some time, counts the requests in flight to each mailbox, and refuses
// those above its limit.
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

// request sends a number of requests from each of several goroutines.
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

// TestLimiterLearns checks that a service which accepts fewer requests at a time than the client
// may send refuses less than 1 % of them.
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

// TestLimiterRecovers checks that the limit recovers after throttling.
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

// TestLimiterAfterOutage checks that the limit soon recovers after a time in which the service
// refused every request.
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

// TestMailboxesApart checks that a throttled mailbox does not slow down another one.
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

// TestClientsShareLimits checks that two clients of a mailbox share its limits.
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

// TestBudget sends requests as fast as possible. No ten minutes have more than the budget; requests
// slow down only when the budget runs short, and never stop.
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

// TestLimitersForgotten checks that idle mailboxes use no memory, and that mailboxes used lately
// keep their counts.
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
