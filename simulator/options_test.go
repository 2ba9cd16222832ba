package simulator_test

import (
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/simulator"
)

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
