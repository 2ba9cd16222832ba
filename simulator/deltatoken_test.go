package simulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/simulator"
)

func TestDeltaExpires(t *testing.T) {
	g := start(t, simulator.Options{Seed: 24, Items: 100})
	url := g.inMailbox("/folders/inbox/items/delta")
	_, _, link := round[item](g, url)
	_, _, folders := round[folder](g, g.inMailbox("/folders/delta"))
	for _, c := range []struct {
		how    simulator.Expiry
		status int
		code   string
	}{
		{simulator.ExpiryGone, 410, "SyncStateNotFound"},
		{simulator.ExpiryStateNotFound, 404, "syncStateNotFound"},
		{simulator.ExpiryResync, 400, "resyncRequired"},
	} {
		must(t, g.sim.ExpireDeltas(g.box.ID, "inbox", c.how))
		if code := g.refused(c.status, http.MethodGet, link, nil); code != c.code {
			t.Errorf("code is %s, want %s", code, c.code)
		}
		if c.how == simulator.ExpiryGone {
			_, h, _ := g.do(http.MethodGet, link, nil)
			if items, _, _ := round[item](g, h.Get("Location")); len(items) == 0 {
				t.Errorf("%s begins nothing", h.Get("Location"))
			}
		}
		_, _, link = round[item](g, url)
		round[item](g, link)
	}
	round[folder](g, folders)
	must(t, g.sim.ExpireDeltas(g.box.ID, "", simulator.ExpiryGone))
	g.refused(410, http.MethodGet, folders, nil)
	round[item](g, link)

	other := start(t, simulator.Options{Seed: 25, Items: 100})
	_, foreign, _ := strings.Cut(link, "?")
	if code := other.refused(400, http.MethodGet, other.inMailbox("/folders/inbox/items/delta?"+foreign), nil); code != "SyncStateInvalid" {
		t.Errorf("code of a foreign token is %s", code)
	}
	g.refused(400, http.MethodGet, g.inMailbox("/folders/sentitems/items/delta?"+foreign), nil)
	g.refused(400, http.MethodGet, g.inMailbox("/folders/delta?"+foreign), nil)
	g.refused(400, http.MethodGet, link[:len(link)-3]+"AAA", nil)
}
