package graph_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailhaul/mailhaul/graph"
)

// inBubble runs f in a synctest bubble, with a client of default patience.
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

// waits returns the times between the requests of one call, and the error of the call.
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

// TestThrottledForLong checks that pauses grow, and that elapsed time ends the requests while Graph
// throttles.
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

// TestRequestedPauses checks that a request is repeated until it succeeds, however often Graph
// requests a pause.
func TestRequestedPauses(t *testing.T) {
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

// TestRefusalWithoutReason checks that a refusal without a reason is repeated a few times, and one
// with a reason is not.
func TestRefusalWithoutReason(t *testing.T) {
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
					want *= 2 // beta is requested too
				}
				if (err == nil) != tt.once || n != want {
					t.Errorf("%d, %s: %d requests, want %d: %v", status, name, n, want, err)
				}
			})
		}
	}
}

// TestUnavailableFolder checks that a request which is refused while others succeed does not slow
// them down, and that refusals in a row do.
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
