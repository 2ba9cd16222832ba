package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailhaul/mailhaul/simulator"
)

// TestPace checks that a response takes the latency, and the time of its bytes at the rate.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, err := simulator.New(simulator.Options{Items: 2000, Latency: 80 * time.Millisecond, ResponseRate: 100_000})
		if err != nil {
			t.Fatal(err)
		}
		box := sim.Mailboxes()[0].ID
		var sent int64
		for _, top := range []string{"1", "1000"} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/v1.0/admin/exchange/mailboxes/"+box+"/folders/inbox/items?$top="+top, nil)
			w := httptest.NewRecorder()
			began := time.Now()
			sim.ServeHTTP(w, r)
			took := time.Since(began)
			if sent += int64(w.Body.Len()); sim.Stats().Sent != sent {
				t.Errorf("%d bytes were counted, want %d", sim.Stats().Sent, sent)
			}
			want := 80*time.Millisecond + time.Duration(w.Body.Len())*10*time.Microsecond
			if w.Code != http.StatusOK || (took-want).Abs() > time.Microsecond {
				t.Errorf("%s items: status %d, %d bytes took %v, want %v", top, w.Code, w.Body.Len(), took, want)
			}
		}
	})
}
