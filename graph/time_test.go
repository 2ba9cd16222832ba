package graph_test

import (
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/graph"
)

// TestParseTime: times that a row could not tell are left out, and none keeps an item from
// being exported.
func TestParseTime(t *testing.T) {
	last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	for s, want := range map[string]time.Time{
		"9999-12-31T23:59:59Z": last, "9999-12-31T15:59:59-08:00": last,
		"9999-12-31T23:59:59-08:00": {}, "0000-01-01T00:00:00+08:00": {}, "": {}, "yesterday": {},
	} {
		if got := graph.ParseTime(s); !got.Equal(want) {
			t.Errorf("%q is %v, want %v", s, got, want)
		}
		if _, err := graph.ParseTime(s).MarshalText(); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// TestBackoffBounds: however long the first pause is told to be, pauses grow, and to a minute at most.
func TestBackoffBounds(t *testing.T) {
	for _, first := range []time.Duration{time.Nanosecond, time.Second, time.Minute, 1 << 62} {
		c, err := graph.New(graph.Options{BaseURL: "http://localhost:1/v1.0", RetryDelay: first})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for attempt := 1; attempt < 100; attempt++ {
			most := time.Minute
			if attempt < 30 && first <= time.Minute>>(attempt-1) {
				most = first << (attempt - 1)
			}
			if got := graph.Backoff(c, attempt); got < most/2 || got > most+1 {
				t.Errorf("first %v, attempt %d: %v, want up to %v", first, attempt, got, most)
			}
		}
	}
}
