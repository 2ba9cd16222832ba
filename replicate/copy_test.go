package replicate_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/replicate"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

// TestCopy: a copy is complete, a second one requests almost nothing, and a third one copies new
// snapshots.
func TestCopy(t *testing.T) {
	o, to := newTestSource(t, 1, 3), newTestRepo(t)
	o.exportNightly(3)
	report := o.copyTo(to)
	o.checkCopy(to)
	c := report.Copied
	if c.Acks.Objects != 27 || report.Skipped.Acks.Objects != 0 {
		t.Errorf("acknowledgements: %+v copied, %+v skipped", c.Acks, report.Skipped.Acks)
	}
	if report.Mailboxes != 3 || report.Snapshots != 9 || c.Refs.Objects != 9 || c.Manifests.Objects != 9 || report.Skipped.All().Objects != 0 {
		t.Errorf("report is %+v", report)
	}
	if n := len(to.keys("packs/")); c.Packs.Objects != int64(n) || c.Packs.Bytes == 0 {
		t.Errorf("the target has %d packs, the report is %+v", n, report)
	}

	o.store.Calls()
	to.store.Calls()
	report = o.copyTo(to)
	if got, want := to.store.Calls(), (memstore.Calls{Get: 3, List: 1}); got != want {
		t.Errorf("copying nothing, calls to the target are %+v, expected %+v", got, want)
	}
	if got, want := o.store.Calls(), (memstore.Calls{Get: 3, List: 2}); got != want {
		t.Errorf("copying nothing, calls to the source are %+v, expected %+v", got, want)
	}
	if report.Copied.All().Objects != 0 || report.Snapshots != 0 || report.Skipped.Refs.Objects != 9 || report.Skipped.Acks.Objects != 27 {
		t.Errorf("report is %+v", report)
	}

	o.export(1)
	report = o.copyTo(to)
	o.checkCopy(to)
	if c := report.Copied; report.Snapshots != 1 || c.Refs.Objects != 1 || c.Packs.Objects != 1 || c.Segments.Objects != 1 {
		t.Errorf("report is %+v", report)
	}
}

// TestOneMailbox: other mailboxes are not copied.
func TestOneMailbox(t *testing.T) {
	o, to := newTestSource(t, 2, 3), newTestRepo(t)
	o.exportNightly(2)
	opts := replicate.Options{Mailboxes: []string{o.id(1)}, Progress: &replicate.Progress{}}
	report, err := replicate.Copy(t.Context(), o.repo, to.repo, opts)
	if err != nil || report.Found > 0 || report.Mailboxes != 1 || report.Snapshots != 2 {
		t.Errorf("report is %+v, %v", report, err)
	}
	if p := opts.Progress; p.Snapshots.Load() != 2 || p.Done.Load() != 2 || p.Bytes.Load() != report.Copied.All().Bytes {
		t.Errorf("progress is %d of %d, %d bytes", p.Done.Load(), p.Snapshots.Load(), p.Bytes.Load())
	}
	if v := to.verify(); v.Mailboxes != 1 || v.Unreferenced != 0 || v.Acks != 6 {
		t.Errorf("verification is %+v", v)
	}
	opts.Mailboxes = []string{"MBX:nobody"}
	if _, err := replicate.Copy(t.Context(), o.repo, to.repo, opts); !errors.Is(err, snapshots.ErrNone) {
		t.Errorf("error is %v", err)
	}
}

// TestDiverged: a mailbox that has diverged in the target is not copied, and the others are.
func TestDiverged(t *testing.T) {
	o, to := newTestSource(t, 3, 2), newTestRepo(t)
	o.exportNightly(1)
	o.copyTo(to)
	o.export(0)
	o.exportTo(to, 0)
	o.export(0)
	o.export(1)
	before := slices.DeleteFunc(to.keys(""), func(key string) bool { return strings.Contains(key, "refs/") })
	report, err := replicate.Copy(t.Context(), o.repo, to.repo, replicate.Options{Mailboxes: []string{o.id(0)}})
	if err != nil || report.Found != 1 || report.Problems[0].Object != repository.RefKey(o.id(0), 2) || report.Snapshots != 0 || report.NotCopied != 3 {
		t.Errorf("report is %+v, %v", report, err)
	}
	after := slices.DeleteFunc(to.keys(""), func(key string) bool { return strings.Contains(key, "refs/") })
	if !slices.Equal(before, after) {
		t.Errorf("objects were copied to a diverged target: %d, before %d", len(after), len(before))
	}
	report, err = replicate.Copy(t.Context(), o.repo, to.repo, replicate.Options{})
	if err != nil || report.Found != 1 || report.Snapshots != 1 {
		t.Errorf("report is %+v, %v", report, err)
	}
	to.verify()
	// A target that is ahead of the source is no problem.
	if report, err := replicate.Copy(t.Context(), to.repo, o.repo, replicate.Options{Mailboxes: []string{o.id(1)}}); err != nil || report.Found > 0 {
		t.Errorf("report is %+v, %v", report, err)
	}
}

// TestDamaged damages each object of the source in turn: it is named, and everything that does not
// depend on it is copied. When the object is repaired, the copy is completed.
func TestDamaged(t *testing.T) {
	o := newTestSource(t, 4, 2)
	o.exportNightly(3)
	for _, key := range o.keys("") {
		if key == "config.json" || strings.HasPrefix(key, "acks/") {
			continue // no snapshot depends on them
		}
		whole := bytes.Clone(o.read(key))
		for name, damage := range map[string]func(){
			"flipped": func() { o.flip(key) },
			"cut":     func() { o.write(key, whole[:len(whole)-1]) },
			"missing": func() { o.remove(key) },
		} {
			damage()
			to := newTestRepo(t)
			report, err := replicate.Copy(t.Context(), o.repo, to.repo, replicate.Options{})
			o.write(key, whole)
			if err != nil {
				t.Fatalf("%s %s: %v", key, name, err)
			}
			if name == "missing" && strings.HasSuffix(key, "3.json") && strings.HasPrefix(key, "refs/") {
				continue // without its last ref, the mailbox is the whole one of the day before
			}
			named := slices.ContainsFunc(report.Problems, func(p replicate.Problem) bool { return p.Object == key || strings.Contains(p.Error, key) })
			if !named || report.Found != 1 {
				t.Errorf("%s %s: problems are %v", key, name, report.Problems)
			}
			v := to.verify()
			if v.Snapshots < 3 || v.Snapshots >= 6 || report.Snapshots != v.Snapshots {
				t.Errorf("%s %s: %d snapshots were copied, the report is %+v", key, name, v.Snapshots, report)
			}
			// Packs that do not depend on it are there, even of snapshots that are not.
			if missing := len(o.keys("packs/")) - len(to.keys("packs/")); strings.HasPrefix(key, "packs/") && missing != 1 {
				t.Errorf("%s %s: %d packs are missing", key, name, missing)
			}
			o.copyTo(to)
			o.checkCopy(to)
		}
	}
}

// TestWrongManifest: a manifest with the right digest and wrong content is not copied.
func TestWrongManifest(t *testing.T) {
	for name, change := range map[string]func(*manifest.Snapshot){
		"parent":  func(s *manifest.Snapshot) { s.Parent = manifest.SumOf([]byte("x")) },
		"rows":    func(s *manifest.Snapshot) { s.Segments[0].Rows++ },
		"size":    func(s *manifest.Snapshot) { s.Segments[0].Size++ },
		"mailbox": func(s *manifest.Snapshot) { s.Mailbox.ID = "MBX:other" },
		"number":  func(s *manifest.Snapshot) { s.Sequence++ },
	} {
		o, to := newTestSource(t, 5, 1), newTestRepo(t)
		o.exportNightly(2)
		s, err := snapshots.Latest(t.Context(), o.repo, o.id(0))
		if err != nil {
			t.Fatal(err)
		}
		key := repository.RefKey(o.id(0), s.Sequence)
		o.remove(repository.ManifestKey(s.Digest))
		change(s.Snapshot)
		data, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		ref, err := s.Ref(manifest.SumOf(data)).Encode()
		if err != nil {
			t.Fatal(err)
		}
		o.write(repository.ManifestKey(manifest.SumOf(data)), data)
		o.write(key, ref)
		report, err := replicate.Copy(t.Context(), o.repo, to.repo, replicate.Options{})
		if err != nil || report.Found != 1 || report.NotCopied == 0 {
			t.Errorf("%s: report is %+v, %v", name, report, err)
		}
		to.verify()
	}
}

// TestOtherSize: an object with another size in the target is a problem.
func TestOtherSize(t *testing.T) {
	o, to := newTestSource(t, 6, 1), newTestRepo(t)
	o.exportNightly(1)
	o.copyTo(to)
	key := to.keys("packs/")[0]
	to.write(key, to.read(key)[1:])
	report, err := replicate.Copy(t.Context(), o.repo, to.repo, replicate.Options{})
	if err != nil || report.Found != 1 || report.Problems[0].Object != key {
		t.Errorf("report is %+v, %v", report, err)
	}
}

// TestOtherSizeNeeded: a snapshot is not copied if it needs an object with another size in the
// target.
func TestOtherSizeNeeded(t *testing.T) {
	o := newTestSource(t, 9, 2)
	o.export(0)
	key := o.keys("packs/")[0]
	o.export(1)
	for name, c := range map[string]struct {
		mailboxes                   []string
		found, snapshots, notCopied int64
	}{
		"all":                   {nil, 1, 1, 1},
		"the one that needs it": {[]string{o.id(0)}, 1, 0, 1},
		"the one that does not": {[]string{o.id(1)}, 0, 1, 0},
	} {
		to := newTestRepo(t)
		to.write(key, o.read(key)[1:])
		progress := &replicate.Progress{}
		report, err := replicate.Copy(t.Context(), o.repo, to.repo, replicate.Options{Mailboxes: c.mailboxes, Progress: progress})
		if err != nil || report.Found != c.found || report.Snapshots != c.snapshots || report.NotCopied != c.notCopied {
			t.Errorf("%s: report is %+v, %v", name, report, err)
		}
		if c.found > 0 && report.Problems[0].Object != key {
			t.Errorf("%s: problems are %v", name, report.Problems)
		}
		if known := progress.Expected.Load() > 0; known != (c.mailboxes == nil) {
			t.Errorf("%s: the expected bytes are known: %t", name, known)
		}
	}
}

func TestCancelled(t *testing.T) {
	o, to := newTestSource(t, 7, 2), newTestRepo(t)
	o.exportNightly(2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := replicate.Copy(ctx, o.repo, to.repo, replicate.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	o.copyTo(to)
	o.checkCopy(to)
}

// TestWrongRows: a segment with other rows than the manifest says is a problem. Neither the segment
// nor its snapshot is copied.
func TestWrongRows(t *testing.T) {
	o, to := newTestSource(t, 5, 1), newTestRepo(t)
	o.export(0)
	s, err := snapshots.Latest(t.Context(), o.repo, o.id(0))
	if err != nil {
		t.Fatal(err)
	}
	s.Segments[0].Rows++
	data, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	ref, err := s.Ref(manifest.SumOf(data)).Encode()
	if err != nil {
		t.Fatal(err)
	}
	o.write(repository.ManifestKey(manifest.SumOf(data)), data)
	o.write(repository.RefKey(o.id(0), 1), ref)
	report, err := replicate.Copy(t.Context(), o.repo, to.repo, replicate.Options{})
	if err != nil || report.Found != 1 || report.Problems[0].Object != repository.SegmentKey(s.Segments[0].SHA256) || report.NotCopied != 1 {
		t.Errorf("report is %+v, %v", report, err)
	}
	if left := append(to.keys("manifests/"), to.keys("refs/")...); len(left) > 0 {
		t.Errorf("objects copied are %q", left)
	}
}

// TestBadAcks: an acknowledgement that is damaged, has another mailbox than its key says, or has
// another size in the target is a problem. Everything else is copied.
func TestBadAcks(t *testing.T) {
	o, to := newTestSource(t, 9, 2), newTestRepo(t)
	o.exportNightly(1)
	acks := o.keys("acks/")
	o.flip(acks[0])
	data := o.read(acks[1])
	misplaced := repository.AckKey(max(o.id(0), o.id(1)), manifest.SumOf(data)) // the first key is of the other one
	o.write(misplaced, data)
	to.write(acks[2], []byte("short"))
	report, err := replicate.Copy(t.Context(), o.repo, to.repo, replicate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var problems []string
	for _, p := range report.Problems {
		problems = append(problems, p.Object)
	}
	slices.Sort(problems)
	want := []string{acks[0], acks[2], misplaced}
	slices.Sort(want)
	if !slices.Equal(problems, want) || report.Copied.Acks.Objects != int64(len(acks)-2) || report.Snapshots != 2 || report.NotCopied != 0 {
		t.Errorf("problems %v, expected %v: %+v", problems, want, report)
	}
}
