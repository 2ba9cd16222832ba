package doctor_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/doctor"
)

// examine runs the checks on a store with two clients, and returns the results by name.
func examine(ctx context.Context, store *faultyStore, opts doctor.StoreOptions) map[string]doctor.Result {
	opts.Others = []*blob.Bucket{blob.NewBucket(store)}
	results := map[string]doctor.Result{}
	for r := range doctor.Store(ctx, blob.NewBucket(store), opts) {
		results[r.Check] = r
	}
	return results
}

// withStatus returns the names of the checks with a status, sorted.
func withStatus(results map[string]doctor.Result, status doctor.Status) (names []string) {
	for name, r := range results {
		if r.Status == status {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// TestFlaws expects that the checks which are about a flaw find it, and that no others fail.
func TestFlaws(t *testing.T) {
	for flaw, want := range map[string][]string{
		"":            nil,
		cutsRefused:   nil,
		losesAnswer:   nil,
		overwrites:    {"one winner", "overwrite refused"},
		reportsAll:    {"one winner", "overwrite refused"},
		checksEarly:   {"one winner"},
		forgets:       {"read"},
		truncates:     {"large object"},
		longRanges:    {"ranges"},
		lateRanges:    {"large object", "ranges"},
		onePage:       {"listing"},
		unordered:     {"listing"},
		ignoresSlash:  {"listing"},
		keepsCanceled: {"cancel"},
		listsLate:     {"read your write"},
		undeletable:   {"delete"},
		noList:        {"reach"},
		noRead:        {"reach"},
		noCreate:      {"create"},
	} {
		t.Run(flaw, func(t *testing.T) {
			opts := doctor.StoreOptions{Versions: &fakeVersions{retention: "a day"}} // skips the bulky checks
			opts.Thorough = slices.Contains(want, "listing") || slices.Contains(want, "large object")
			results := examine(t.Context(), newFaultyStore(flaw), opts)
			failed := withStatus(results, doctor.Failed)
			if !slices.Equal(failed, want) {
				t.Errorf("%q failed, want %q", failed, want)
			}
			for _, name := range failed {
				t.Logf("%s: %s", name, results[name].Seen)
			}
		})
	}
}

// TestSound expects that a store without flaws passes all checks, and is empty afterwards.
func TestSound(t *testing.T) {
	store := newFaultyStore("")
	seen := map[string]bool{}
	for r := range doctor.Store(t.Context(), blob.NewBucket(store), doctor.StoreOptions{}) {
		if r.Part != "store" || r.Proves == "" || seen[r.Check] {
			t.Errorf("%+v: it is incomplete, or the name is not unique", r)
		}
		seen[r.Check] = true
		unknown := r.Check == "clock" || r.Check == "protection" // this store does not report them
		if want := map[bool]doctor.Status{false: doctor.OK, true: doctor.Skipped}[unknown]; r.Status != want {
			t.Errorf("%s is %s, want %s: %s", r.Check, r.Status, want, r.Seen)
		}
	}
	store.checkEmpty(t)
}

// TestNoDelete expects that an export does without the right to delete, and that the checks then
// write little, unless they are to be thorough.
func TestNoDelete(t *testing.T) {
	for name, test := range map[string]struct {
		thorough bool
		skipped  []string
	}{
		"thorough":     {true, []string{"clock", "protection"}},
		"not thorough": {false, []string{"clock", "large object", "listing", "protection"}},
	} {
		t.Run(name, func(t *testing.T) {
			results := examine(t.Context(), newFaultyStore(noDelete), doctor.StoreOptions{Thorough: test.thorough})
			if diff := cmp.Diff(test.skipped, withStatus(results, doctor.Skipped)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"clean up", "delete"}, withStatus(results, doctor.Note)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestNeeds expects that a check is skipped when one that it needs failed, and says so.
func TestNeeds(t *testing.T) {
	results := examine(t.Context(), newFaultyStore(noCreate), doctor.StoreOptions{})
	for _, name := range []string{"read", "delete", "read your write", "overwrite refused", "one winner", "ranges", "cancel", "listing", "large object"} {
		if r := results[name]; r.Status != doctor.Skipped || !strings.Contains(r.Seen, `it needs "`) {
			t.Errorf("%s is %s: %s", name, r.Status, r.Seen)
		}
	}
}

// TestInterrupted expects that nothing remains when the context ends between two checks.
func TestInterrupted(t *testing.T) {
	store := newFaultyStore("")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	results := map[string]doctor.Result{}
	for r := range doctor.Store(ctx, blob.NewBucket(store), doctor.StoreOptions{}) {
		if results[r.Check] = r; r.Check == "ranges" {
			cancel()
		}
	}
	for name, want := range map[string]doctor.Status{"ranges": doctor.OK, "cancel": doctor.Skipped, "large object": doctor.Skipped, "clean up": doctor.OK} {
		if got := results[name].Status; got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	store.checkEmpty(t)
}

// TestStopped expects that nothing remains when the caller stops early.
func TestStopped(t *testing.T) {
	store := newFaultyStore("")
	for r := range doctor.Store(t.Context(), blob.NewBucket(store), doctor.StoreOptions{}) {
		if r.Check == "ranges" {
			break
		}
	}
	store.checkEmpty(t)
}

// fakeVersions is a bucket's protection.
type fakeVersions struct {
	versioned, lock bool
	retention       string
	err             error
	purged          string // the prefix
}

func (v *fakeVersions) Versioning(context.Context) (bool, error) { return v.versioned, v.err }
func (v *fakeVersions) ObjectLock(context.Context) (bool, string, error) {
	return v.lock, v.retention, nil
}
func (v *fakeVersions) Purge(_ context.Context, prefix string) (int, error) {
	v.purged = prefix
	return 0, nil
}

func TestProtection(t *testing.T) {
	for name, test := range map[string]struct {
		versions    fakeVersions
		locks       bool
		want        doctor.Status
		seen        string
		bulky       doctor.Status
		wantsPurged bool
	}{
		"nothing":           {want: doctor.OK, seen: "no versions, no Object Lock", bulky: doctor.OK},
		"versions":          {versions: fakeVersions{versioned: true}, want: doctor.OK, seen: "versions are kept, no Object Lock", bulky: doctor.OK, wantsPurged: true},
		"locks supported":   {versions: fakeVersions{versioned: true, lock: true}, locks: true, want: doctor.OK, seen: "versions are kept, and objects can be locked", bulky: doctor.OK, wantsPurged: true},
		"locks unsupported": {locks: true, want: doctor.Failed, seen: "no Object Lock", bulky: doctor.OK},
		"retention": {versions: fakeVersions{versioned: true, lock: true, retention: "GOVERNANCE 30 days"}, want: doctor.Note,
			seen: "keeps each object: GOVERNANCE 30 days", bulky: doctor.Skipped, wantsPurged: true},
		"not allowed": {versions: fakeVersions{err: errors.New("denied")}, want: doctor.Skipped, seen: "may not read the configuration", bulky: doctor.OK},
	} {
		t.Run(name, func(t *testing.T) {
			results := examine(t.Context(), newFaultyStore(""), doctor.StoreOptions{Versions: &test.versions, Locks: test.locks})
			if r := results["protection"]; r.Status != test.want || !strings.Contains(r.Seen, test.seen) {
				t.Errorf("it is %s: %s", r.Status, r.Seen)
			}
			if r := results["large object"]; r.Status != test.bulky {
				t.Errorf("the large object is %s: %s", r.Status, r.Seen)
			}
			if test.wantsPurged != strings.HasPrefix(test.versions.purged, "doctor/") {
				t.Errorf("purged: %q", test.versions.purged)
			}
		})
	}
}
