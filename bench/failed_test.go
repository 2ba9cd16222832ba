package bench_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/bench"
	"github.com/mailhaul/mailhaul/bench/render"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestProbeOfBrokenItems: items that Graph does not give are told of.
func TestProbeOfBrokenItems(t *testing.T) {
	w := newTenant(t, simulator.Options{Items: 60, ItemSize: 5000})
	broken := 0
	for item := range w.sim.Items(w.mailbox.ID) {
		if broken++; broken > 2 {
			break
		}
		w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: item.ID, Times: -1, ItemCode: "ErrorCorruptData", ItemMessage: "broken"})
	}
	r, err := bench.Probe(t.Context(), w.options(bench.OpenNowhere()))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := render.Text(&b, r, render.Style{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(strings.Fields(b.String()), " "), "failed 2 items: ErrorCorruptData: broken") {
		t.Errorf("the failed items are missing in\n%s", &b)
	}
}
