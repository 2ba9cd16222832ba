package simulator_test

import (
	"testing"

	"github.com/mailhaul/mailhaul/simulator"
)

func TestUsers(t *testing.T) {
	g := start(t, simulator.Options{Mailboxes: 250, Items: 10})
	type user struct{ ID, UserPrincipalName, DisplayName string }
	users, pages := all[user](g, g.url+"/users?%24select=id,userPrincipalName")
	if len(users) != 250 || pages != 3 || users[0].DisplayName != "" {
		t.Fatalf("%d users in %d pages", len(users), pages)
	}
	seen := map[string]bool{}
	for i, m := range g.sim.Mailboxes() {
		s := get[struct{ PrimaryMailboxID string }](g, g.url+"/users/"+users[i].UserPrincipalName+"/settings/exchange")
		if s.PrimaryMailboxID != m.ID || users[i].UserPrincipalName != m.User || seen[m.ID] {
			t.Fatalf("user %d is %+v with %s, want %+v", i, users[i], s.PrimaryMailboxID, m)
		}
		seen[m.ID] = true
	}
}
