//go:build !windows

package replicate_test

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/mailhaul/mailhaul/replicate"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/sinks"
)

// copyToDirectory copies the repository to a directory, with a named pipe in place of one key.
func (r *testRepo) copyToDirectory(pipe string) *repository.Repository {
	r.t.Helper()
	dir := r.t.TempDir()
	for _, key := range r.keys("") {
		at := filepath.Join(dir, filepath.FromSlash(key))
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o777), os.WriteFile(at, r.read(key), 0o666)); err != nil {
			r.t.Fatal(err)
		}
	}
	at := filepath.Join(dir, filepath.FromSlash(pipe))
	if err := errors.Join(os.RemoveAll(at), syscall.Mkfifo(at, 0o666)); err != nil {
		r.t.Fatal(err)
	}
	bucket, err := sinks.OpenExisting(r.t.Context(), dir)
	if err != nil {
		r.t.Fatal(err)
	}
	repo, err := repository.Open(r.t.Context(), bucket)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { repo.Close() })
	return repo
}

// TestIrregular: anything that is neither a file nor a directory is a problem on both sides.
// Everything that does not depend on it is copied.
func TestIrregular(t *testing.T) {
	o := newTestSource(t, 6, 2)
	o.exportNightly(3)
	dir := path.Dir(repository.RefKey(o.id(0), 1))
	for name, c := range map[string]struct {
		key    string
		copied int64 // snapshots
	}{
		"mailbox":   {dir, 3},
		"first ref": {dir + "/00000000000000000001.json", 3},
		"last ref":  {dir + "/00000000000000000003.json", 5},
		"mailboxes": {"refs", 0},
		"beside":    {"notes", 6},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := o.copyToDirectory(c.key), newTestRepo(t)
			report, err := replicate.Copy(t.Context(), from, to.repo, replicate.Options{})
			if err != nil && c.copied > 0 || report.Snapshots != c.copied || !hasProblem(report, c.key) || from.Retries() > 0 {
				t.Errorf("from: %+v, %v", report, err)
			}
			one := replicate.Options{Mailboxes: []string{o.id(0)}}
			if report, err := replicate.Copy(t.Context(), from, newTestRepo(t).repo, one); c.copied == 3 && (err != nil || !hasProblem(report, c.key)) {
				t.Errorf("one mailbox: %+v, %v", report, err)
			}
			report, err = replicate.Copy(t.Context(), o.repo, from, replicate.Options{})
			if err == nil && !hasProblem(report, c.key) {
				t.Errorf("to: %+v", report)
			}
		})
	}
}

func hasProblem(r *replicate.Report, key string) bool {
	return slices.ContainsFunc(r.Problems, func(p replicate.Problem) bool { return p.Object == key })
}
