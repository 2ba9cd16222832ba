package simulator_test

import (
	"net/http"
	"testing"

	"github.com/mailhaul/mailhaul/simulator"
)

func TestFaultStatus(t *testing.T) {
	g := start(t, simulator.Options{Items: 50})
	i := g.sim.Inject(simulator.Fault{Operation: simulator.OpFolders, Skip: 1, Times: 2, Status: 503, RetryAfter: "7", Empty: true})
	other := g.sim.Inject(simulator.Fault{Operation: simulator.OpFolder, Every: 3, Times: -1, Status: 429, Bare: true, Code: "TooMany", Message: "Stop it"})
	var got []int
	for range 4 {
		status, h, body := g.do(http.MethodGet, g.inMailbox("/folders"), nil)
		got = append(got, status)
		if status == 503 && (h.Get("Retry-After") != "7" || len(body) != 0) {
			t.Errorf("header %v, body %q", h, body)
		}
	}
	for range 4 {
		status, _, body := g.do(http.MethodGet, g.inMailbox("/folders/inbox"), nil)
		got = append(got, status)
		if status == 429 && string(body) != `{"error":{"code":"TooMany","message":"Stop it"}}` {
			t.Errorf("body %q", body)
		}
	}
	want := []int{200, 503, 503, 200, 429, 200, 200, 429}
	for k := range want {
		if got[k] != want[k] {
			t.Fatalf("statuses are %v, want %v", got, want)
		}
	}
	if i.Hits() != 2 || other.Hits() != 2 {
		t.Errorf("hits are %d and %d", i.Hits(), other.Hits())
	}
	other.Remove()
	g.do(http.MethodGet, g.inMailbox("/folders/inbox"), nil)
	if status, _, _ := g.do(http.MethodGet, g.inMailbox("/folders/inbox"), nil); status != 200 || other.Hits() != 2 {
		t.Errorf("removed fault: %d", status)
	}
}
