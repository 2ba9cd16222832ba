package cli

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/mailhaul/mailhaul/simulator"
)

// TestSimulatedStats checks that a simulation serves its counts, and Graph at all other paths.
func TestSimulatedStats(t *testing.T) {
	o := newTestTenant(t, 1, 30)
	server := httptest.NewServer(withStats(o.sim))
	defer server.Close()
	o.url = server.URL + "/v1.0"
	if _, notes, code := o.run(t.Context(), "export"); code != exitComplete {
		t.Fatalf("exit code %d: %s", code, notes)
	}
	body, status := fetch(t, server.URL+statsPath)
	var stats simulator.Stats
	if err := json.Unmarshal([]byte(body), &stats); err != nil || status != 200 || stats.Items != 30 || stats.Total() == 0 {
		t.Errorf("status %d, %v: %s", status, err, body)
	}
	if _, status := fetch(t, server.URL+"/v1.0"+statsPath); status == 200 {
		t.Errorf("status %d for a path that does not exist", status)
	}
}
