package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/simulator"
)

// restic backs up the items of a scenario from files: unlike mailhaul, it needs no HTTP, JSON or
// base64 to read them.
type restic struct {
	binary string
	dir    string // of the files
	cache  string
	env    []string
}

// newRestic writes a scenario's items to files, or returns nil if restic is not installed.
func newRestic(ctx context.Context, l *lab, s *Scenario) (*restic, error) {
	binary, err := exec.LookPath(resticName)
	if err != nil {
		return nil, nil
	}
	r := &restic{binary: binary, dir: filepath.Join(l.dir, s.Name+"-files"), cache: filepath.Join(l.dir, "restic-cache"), env: l.opts.contenderEnv()}
	sim, err := simulator.New(s.simulatorOptions(l.opts.Seed))
	if err != nil {
		return nil, err
	}
	n := 0
	for _, m := range sim.Mailboxes() {
		for item := range sim.Items(m.ID) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			// A hundred files in each directory, as mail servers keep them.
			dir := filepath.Join(r.dir, strconv.Itoa(n/100))
			if err := writeItem(sim, m.ID, item.ID, dir, n); err != nil {
				return nil, fmt.Errorf("write items to files: %w", err)
			}
			n++
		}
	}
	return r, nil
}

func writeItem(sim *simulator.Server, mailbox, item, dir string, n int) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, strconv.Itoa(n)))
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 256<<10)
	return errors.Join(sim.WriteItem(w, mailbox, item), w.Flush(), f.Close())
}

// remove deletes the files.
func (r *restic) remove() error { return errors.Join(os.RemoveAll(r.dir), os.RemoveAll(r.cache)) }

// backup creates a repository and backs up the files. Only the backup is timed.
func (r *restic) backup(ctx context.Context, s scratchStore) (report.Run, error) {
	repo, err := resticURL(s.url)
	if err != nil {
		return report.Run{}, err
	}
	env := append(slices.Concat(r.env, s.env), "RESTIC_REPOSITORY="+repo, "RESTIC_PASSWORD=mailhaul", "RESTIC_CACHE_DIR="+r.cache)
	restic := func(args ...string) (report.Run, error) {
		cmd := exec.CommandContext(ctx, r.binary, args...)
		cmd.Env = environment(env...)
		_, run, err := run(cmd, nil)
		return run, err
	}
	if _, err := restic("init", "--quiet"); err != nil {
		return report.Run{}, err
	}
	return restic("backup", "--quiet", r.dir)
}

// resticURL returns restic's form of an S3 URL.
func resticURL(s3URL string) (string, error) {
	u, err := url.Parse(s3URL)
	if err != nil || u.Query().Get("endpoint") == "" {
		return "", errors.New("restic needs an S3 URL with an endpoint")
	}
	return "s3:" + u.Query().Get("endpoint") + "/" + u.Host + u.Path, nil
}
