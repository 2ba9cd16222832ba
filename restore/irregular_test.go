//go:build !windows

package restore_test

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/repository/store"
	"github.com/mailhaul/mailhaul/restore"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/sinks"
	"github.com/mailhaul/mailhaul/snapshots"
)

// copyToDirectory copies the vault to a directory.
func (v *vault) copyToDirectory() (*repository.Repository, string) {
	v.t.Helper()
	dir := v.t.TempDir()
	for _, key := range v.keys("") {
		at := filepath.Join(dir, filepath.FromSlash(key))
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o777), os.WriteFile(at, v.read(key), 0o666)); err != nil {
			v.t.Fatal(err)
		}
	}
	bucket, err := sinks.OpenExisting(v.t.Context(), dir)
	if err != nil {
		v.t.Fatal(err)
	}
	repo, err := repository.Open(v.t.Context(), bucket)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { repo.Close() })
	return repo, dir
}

// TestIrregular: anything that is neither a file nor a directory is a problem, wherever it is, and
// is found without retries.
func TestIrregular(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 4, Items: 30, ItemSize: 5 << 10})
	ref := repository.RefKey(v.mailbox, 3)
	pack, segment := v.keys("packs/")[0], v.keys("manifests/")[0]
	pipe := func(at string) error { return syscall.Mkfifo(at, 0o666) }
	link := func(to string) func(string) error { return func(at string) error { return os.Symlink(to, at) } }
	for name, c := range map[string]struct {
		key    string
		create func(at string) error
	}{
		"pipe for the last ref":    {ref, pipe},
		"pipe for the first ref":   {repository.RefKey(v.mailbox, 1), pipe},
		"pipe for a pack":          {pack, pipe},
		"loop for a segment":       {segment, link(path.Base(segment))},
		"link for a mailbox":       {path.Dir(ref), link("/nowhere")},
		"pipe for a mailbox":       {path.Dir(ref), pipe},
		"link for packs of a kind": {path.Dir(pack), link("/etc")},
		"link for all packs":       {"packs", link("/etc")},
		"link for all mailboxes":   {"refs", link("/etc")},
		"link beside packs":        {"packs/zz", link("/etc")},
		"link among mailboxes":     {"refs/notes", link("..")},
		"pipe at the top":          {"pipe", pipe},
	} {
		t.Run(name, func(t *testing.T) {
			repo, dir := v.copyToDirectory()
			at := filepath.Join(dir, filepath.FromSlash(c.key))
			if err := errors.Join(os.RemoveAll(at), c.create(at)); err != nil {
				t.Fatal(err)
			}
			got, err := restore.Verify(t.Context(), repo, restore.VerifyOptions{})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, p := range got.Problems {
				if p.Object == c.key {
					n++
				}
			}
			if n != 1 || repo.Retries() > 0 {
				t.Errorf("%s: problems are %+v after %d retries", c.key, got.Problems, repo.Retries())
			}
			if c.key != ref && c.key != path.Dir(ref) {
				return
			}
			if _, err := snapshots.Latest(t.Context(), repo, v.mailbox); !errors.As(err, new(*repository.CorruptError)) || store.Remedy(err) == "" {
				t.Errorf("the last snapshot: %v", err)
			}
		})
	}
}
