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

// inDirectory copies what lies in a place to a directory, but for what is at a key: there is a
// named pipe.
func (p *place) inDirectory(pipe string) *repository.Repository {
	p.t.Helper()
	dir := p.t.TempDir()
	for _, key := range p.keys("") {
		at := filepath.Join(dir, filepath.FromSlash(key))
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o777), os.WriteFile(at, p.read(key), 0o666)); err != nil {
			p.t.Fatal(err)
		}
	}
	at := filepath.Join(dir, filepath.FromSlash(pipe))
	if err := errors.Join(os.RemoveAll(at), syscall.Mkfifo(at, 0o666)); err != nil {
		p.t.Fatal(err)
	}
	bucket, err := sinks.OpenExisting(p.t.Context(), dir)
	if err != nil {
		p.t.Fatal(err)
	}
	repo, err := repository.Open(p.t.Context(), bucket)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { repo.Close() })
	return repo
}

// TestIrregular: what is neither a file nor a directory is a problem on either side. What does
// not depend on it is copied.
func TestIrregular(t *testing.T) {
	o := newOffice(t, 6, 2)
	o.nights(3)
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
			from, to := o.inDirectory(c.key), newPlace(t)
			report, err := replicate.Copy(t.Context(), from, to.repo, replicate.Options{})
			if err != nil && c.copied > 0 || report.Snapshots != c.copied || !hasProblem(report, c.key) || from.Retries() > 0 {
				t.Errorf("from: %+v, %v", report, err)
			}
			one := replicate.Options{Mailboxes: []string{o.id(0)}}
			if report, err := replicate.Copy(t.Context(), from, newPlace(t).repo, one); c.copied == 3 && (err != nil || !hasProblem(report, c.key)) {
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
