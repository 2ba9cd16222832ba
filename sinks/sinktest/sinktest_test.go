package sinktest_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/sinks/sinktest"
)

// run runs the checks as a program does, and returns the names of those that failed and
// those that were left out because of them. What writes much is run if bulky says so.
func run(t *testing.T, store *faulty, bulky bool) (failed, skipped []string) {
	t.Helper()
	env := sinktest.NewEnv(blob.NewBucket(store), blob.NewBucket(store))
	for _, c := range sinktest.Checks() {
		lacks := func(need string) bool { return slices.Contains(failed, need) || slices.Contains(skipped, need) }
		switch {
		case c.Bulk > 0 && !bulky:
		case slices.ContainsFunc(c.Needs, lacks):
			skipped = append(skipped, c.Name)
		default:
			if err := c.Run(t.Context(), env); err != nil {
				t.Logf("%s: %v", c.Name, err)
				failed = append(failed, c.Name)
			}
		}
	}
	left, err := env.Clean(t.Context())
	if store.flaw == noDelete && (left == 0 || err == nil) {
		t.Errorf("%d objects were left, %v", left, err)
	}
	if store.flaw == "" && len(store.objects) > 0 {
		t.Errorf("%d objects were left", len(store.objects))
	}
	return failed, skipped
}

// TestFlaws: each flaw that a store can have is found, and by the check that is about it.
func TestFlaws(t *testing.T) {
	for flaw, want := range map[string][]string{
		"":           nil,
		cutsRefused:  nil,
		losesAnswer:  nil,
		overwrites:   {"overwrite refused", "one winner"},
		reportsAll:   {"overwrite refused", "one winner"},
		forgets:      {"read"},
		truncates:    {"large object"},
		shifts:       {"ranges"},
		oneBehind:    {"ranges"},
		onePage:      {"listing"},
		disorder:     {"listing"},
		ignoresSlash: {"listing"},
		keepsPartial: {"cancel"},
		showsLate:    {"read your write"},
		undead:       {"delete"},
		noList:       {"list"},
		noCreate:     {"create"},
		noRead:       {"read"},
		noDelete:     {"delete"},
	} {
		t.Run(flaw, func(t *testing.T) {
			failed, skipped := run(t, newFaulty(flaw), flaw == "" || flaw == truncates)
			for _, name := range want {
				if !slices.Contains(failed, name) {
					t.Errorf("%q did not fail", name)
				}
			}
			if len(want) == 0 && len(failed) > 0 || len(failed) > len(want)+1 {
				t.Errorf("%q failed, %q were skipped", failed, skipped)
			}
		})
	}
}

// TestRace: a store that looks first and writes later is found out, as often as it is tried.
func TestRace(t *testing.T) {
	failed, _ := run(t, newFaulty(races), false)
	if diff := cmp.Diff([]string{"one winner"}, failed); diff != "" {
		t.Error(diff)
	}
}

// TestNeeds: what a check needs comes before it.
func TestNeeds(t *testing.T) {
	var names []string
	for _, c := range sinktest.Checks() {
		for _, need := range c.Needs {
			if !slices.Contains(names, need) {
				t.Errorf("%q needs %q, which does not come before it", c.Name, need)
			}
		}
		if c.What == "" || slices.Contains(names, c.Name) {
			t.Errorf("%q is not described, or is there twice", c.Name)
		}
		names = append(names, c.Name)
	}
}
