package simulator_test

import (
	"testing"

	"github.com/mailhaul/mailhaul/simulator"
)

// TestManyFolders checks that Options.Folders adds folders with items.
func TestManyFolders(t *testing.T) {
	g := start(t, simulator.Options{Folders: 200, Items: 4000})
	walked := g.walk()
	items := 0
	for _, f := range walked {
		if !searches(f) {
			items += f.TotalItemCount
		}
	}
	if len(walked) != 200 || items != 4000 {
		t.Errorf("%d folders with %d items", len(walked), items)
	}
}

func TestHiddenFolders(t *testing.T) {
	g := start(t, simulator.Options{})
	plain, _ := all[folder](g, g.inMailbox("/folders"))
	hidden, _ := all[folder](g, g.inMailbox("/folders")+q("includeHiddenFolders", "true"))
	marked, _ := all[folder](g, g.inMailbox("/folders")+q("$expand", "singleValueExtendedProperties($filter=id eq 'Boolean 0x10F4')"))
	n := 0
	for _, f := range marked {
		if p := f.SingleValueExtendedProperties; len(p) != 1 || p[0].ID != "Boolean 0x10f4" {
			t.Fatalf("folder is %+v", f)
		} else if p[0].Value == "true" {
			n++
		}
	}
	if n == 0 || len(hidden) != len(marked) || len(plain) != len(marked)-n {
		t.Errorf("%d folders, %d with hidden ones, %d marked, of them %d hidden", len(plain), len(hidden), len(marked), n)
	}
	if p := hidden[0].SingleValueExtendedProperties; p != nil {
		t.Errorf("properties are %v, and none were requested", p)
	}
}
