package bench

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

	"github.com/mailhaul/mailhaul/simulator"
)

// A resticBackup backs up the items of a scenario that lie as files: it has neither HTTP nor JSON nor base64 to undo.
type resticBackup struct {
	binary string
	dir    string // of the files
	cache  string
	env    []string
}

// prepareRestic has restic take part where it is installed.
func (m *measurement) prepareRestic(ctx context.Context) (err error) {
	m.restic, err = m.newRestic(ctx, &m.scenario)
	return err
}

// newRestic writes a scenario's items as files, or returns nil if restic is not installed.
func (l *lab) newRestic(ctx context.Context, s *Scenario) (*resticBackup, error) {
	binary, err := exec.LookPath(Restic)
	if err != nil {
		return nil, nil
	}
	r := &resticBackup{binary: binary, dir: filepath.Join(l.dir, s.Name+"-files"), cache: filepath.Join(l.dir, "restic-cache"), env: l.opts.contender()}
	sim, err := simulator.New(s.options(l.opts.Seed))
	if err != nil {
		return nil, err
	}
	n := 0
	for _, m := range sim.Mailboxes() {
		for item := range sim.Items(m.ID) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			// A hundred files each, as mail stores keep them.
			dir := filepath.Join(r.dir, strconv.Itoa(n/100))
			if err := writeItem(sim, m.ID, item.ID, dir, n); err != nil {
				return nil, fmt.Errorf("write items as files: %w", err)
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
func (r *resticBackup) remove() error { return errors.Join(os.RemoveAll(r.dir), os.RemoveAll(r.cache)) }

// backup makes a repository in an empty bucket, and backs the files up to it; the clock runs for the latter.
func (r *resticBackup) backup(ctx context.Context, p place, w Workload) (Run, error) {
	repo, err := resticURL(p.url)
	if err != nil {
		return Run{}, err
	}
	env := append(slices.Clone(r.env), p.env...)
	env = append(env, "RESTIC_REPOSITORY="+repo, "RESTIC_PASSWORD=mailhaul", "RESTIC_CACHE_DIR="+r.cache)
	command := func(args ...string) (usage, error) {
		cmd := exec.CommandContext(ctx, r.binary, args...)
		cmd.Env = environment(env...)
		_, took, err := run(cmd, nil)
		return took, err
	}
	if _, err := command("init", "--quiet"); err != nil {
		return Run{}, err
	}
	took, err := command("backup", "--quiet", r.dir)
	if err != nil {
		return Run{}, err
	}
	run := Run{Items: w.Items, Bytes: w.Bytes}
	took.into(&run)
	return run, nil
}

// resticURL is a URL of ours as restic spells it.
func resticURL(ours string) (string, error) {
	u, err := url.Parse(ours)
	if err != nil || u.Query().Get("endpoint") == "" {
		return "", errors.New("restic needs an S3 URL with an endpoint")
	}
	return "s3:" + u.Query().Get("endpoint") + "/" + u.Host + u.Path, nil
}
