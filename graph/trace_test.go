package graph_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/graph"
)

// A traced has the sums of what a call waited for.
type traced struct {
	spent   map[graph.Wait]time.Duration
	now     graph.Wait
	since   time.Time
	answers []string
}

func (s *traced) trace() *graph.Trace {
	return &graph.Trace{
		Waiting: func(w graph.Wait) {
			s.spent[s.now] += time.Since(s.since)
			s.now, s.since = w, time.Now()
		},
		Answered: func(status int, first, whole time.Duration) {
			s.answers = append(s.answers, fmt.Sprint(status, " ", first, " ", whole))
		},
	}
}

// A byteBody returns one byte per Read.
type byteBody struct {
	*strings.Reader
	each time.Duration
}

func (b byteBody) Read(p []byte) (int, error) {
	time.Sleep(b.each)
	return b.Reader.Read(p[:min(1, len(p))])
}
func (byteBody) Close() error { return nil }

// TestTrace traces a listing that is throttled, then answered slowly, and read slowly.
func TestTrace(t *testing.T) {
	const first, second = `{"value":[{"id":"a"}]`, `}`
	synctest.Test(t, func(t *testing.T) {
		n := 0
		client := newClientAt(t, graph.Options{BaseURL: "http://127.0.0.1/v1.0", RetryDelay: time.Second, Transport: transport(func(r *http.Request) (*http.Response, error) {
			time.Sleep(2 * time.Second)
			if n++; n == 1 {
				return &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"7"}}, Body: http.NoBody, Request: r}, nil
			}
			return &http.Response{StatusCode: 200, Body: byteBody{strings.NewReader(first + second), time.Second}, Request: r}, nil
		})})
		s := &traced{spent: map[graph.Wait]time.Duration{}, since: time.Now()}
		for _, err := range client.Open(mailboxID).AllItems(graph.WithTrace(t.Context(), s.trace()), "f") {
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(30 * time.Second)
		}
		s.trace().Waiting(graph.WaitNone)
		read := time.Duration(len(first+second)) * time.Second
		// The end of the body is read too.
		want := map[graph.Wait]time.Duration{graph.WaitNone: 30 * time.Second, graph.WaitLimit: 7 * time.Second, graph.WaitGraph: 4*time.Second + read + time.Second}
		if diff := cmp.Diff(want, s.spent); diff != "" {
			t.Errorf("waited (-want +got):\n%s", diff)
		}
		answers := []string{"429 2s 2s", fmt.Sprint("200 2s ", 2*time.Second+read+time.Second)}
		if diff := cmp.Diff(answers, s.answers); diff != "" {
			t.Errorf("answers (-want +got):\n%s", diff)
		}
	})
}

// TestTraceFailing checks that a pause after a failed request is no wait for limits.
func TestTraceFailing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		client := newClientAt(t, graph.Options{BaseURL: "http://127.0.0.1/v1.0", RetryDelay: time.Second, Transport: transport(func(r *http.Request) (*http.Response, error) {
			switch n++; n {
			case 1:
				return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(`{"value":[]}`)), Request: r}, nil
			case 2:
				return &http.Response{StatusCode: 500, Body: http.NoBody, Request: r}, nil
			case 3:
				return nil, errors.New("connection refused")
			}
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(`{"value":[]}`)), Request: r}, nil
		})})
		m := reached(t, client)
		s := &traced{spent: map[graph.Wait]time.Duration{}, since: time.Now()}
		for _, err := range m.AllItems(graph.WithTrace(t.Context(), s.trace()), "f") {
			t.Error(err)
		}
		s.trace().Waiting(graph.WaitNone)
		if s.spent[graph.WaitLimit] > 0 || s.spent[graph.WaitGraph] < time.Second || m.Stats().Retries != 2 {
			t.Errorf("waited %v with %d retries", s.spent, m.Stats().Retries)
		}
	})
}

// TestTraceInFlight checks that a request waits for Graph if as many are in flight as Graph ever
// accepts.
func TestTraceInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClientAt(t, graph.Options{BaseURL: "http://127.0.0.1/v1.0", MaxInFlight: 1, Transport: inProcess(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(10 * time.Second)
			_, _ = io.WriteString(w, `{"value":[]}`)
		})})
		m := client.Open(mailboxID)
		done := make(chan error)
		go func() { done <- listAll(t, m) }()
		synctest.Wait()
		s := &traced{spent: map[graph.Wait]time.Duration{}, since: time.Now()}
		for _, err := range m.AllItems(graph.WithTrace(t.Context(), s.trace()), "f") {
			if err != nil {
				t.Error(err)
			}
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(map[graph.Wait]time.Duration{graph.WaitNone: 0, graph.WaitGraph: 20 * time.Second}, s.spent); diff != "" {
			t.Errorf("waited (-want +got):\n%s", diff)
		}
	})
}
