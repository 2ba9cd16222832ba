package cli_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gocloud.dev/blob/memblob"

	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/restore"
)

// TestPowerCut traces the system calls of a killed export to a directory, and of the next export,
// and replays them up to each call. If the power is cut there, the files that must remain, with any
// subset of those that may remain, are an intact repository. When an export reports success,
// everything that it stored must remain.
func TestPowerCut(t *testing.T) {
	needStrace(t)
	seed := rand.Uint64() >> 32
	rng := rand.New(rand.NewPCG(seed, 12))
	killed := 0
	for _, least := range []int{1, 3, 7} {
		nth := least + rng.IntN(least) // the sync of a thread at which the first export is killed
		t.Run(fmt.Sprint("killed at sync ", nth), func(t *testing.T) {
			t.Logf("seed %d", seed)
			p := newPowerCut(t, seed)
			if p.export("-e", fmt.Sprint("inject=fsync:signal=SIGKILL:when=", nth)) != nil {
				killed++
			}
			if err := p.export(); err != nil {
				t.Fatalf("the next export: %v", err)
			}
			if p.done == 0 {
				t.Error("no export reported success")
			}
			t.Logf("the power was cut %d times, and left %d different repositories", p.cuts, len(p.seen))
			p.killer.verify()
			p.killer.complete()
		})
	}
	if killed == 0 && !t.Failed() {
		t.Error("no export was killed")
	}
}

// A powerCut replays the system calls of exports on a model of a disk.
type powerCut struct {
	t      *testing.T
	killer *killer
	dir    string // of the repository
	disk   *disk
	rng    *rand.Rand
	seen   map[string]bool // what was left and was found whole
	cuts   int
	done   int // exports that reported success
}

func newPowerCut(t *testing.T, seed uint64) *powerCut {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "new", "repository")
	refs := func() int {
		files, err := filepath.Glob(filepath.Join(dir, "refs", "*", "*.json"))
		if err != nil {
			t.Error(err)
		}
		return len(files)
	}
	return &powerCut{
		t: t, killer: newKiller(t, seed, &killStore{url: dir, childURL: dir, commits: refs}), dir: dir,
		disk: newDisk(root), rng: rand.New(rand.NewPCG(seed, 13)), seen: map[string]bool{},
	}
}

// export exports under strace, replays the trace, and returns the export's error.
func (p *powerCut) export(flags ...string) error {
	p.t.Helper()
	cmd := p.killer.export("--json")
	var out, notes bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &notes
	gone := make(chan struct{})
	pace := p.killer.pace(gone)
	events, err := straced(p.t, cmd, flags...)
	close(gone)
	pace.Remove()
	if err != nil {
		p.t.Logf("the export ended with: %v\n%s", err, &notes)
	}
	p.replay(events)
	p.adopt(events)
	return err
}

// replay cuts the power after each event: with only what must remain, with everything, and with a
// random subset.
func (p *powerCut) replay(events []sysEvent) {
	p.t.Helper()
	for _, e := range events {
		if e.call.name == "write" && e.call.fd == "1" && !e.done {
			p.cut("the export reported success", func() bool { return false })
			p.checkDone()
		}
		matters, err := p.disk.apply(e)
		if err != nil {
			p.t.Fatal(err)
		}
		if !matters {
			continue
		}
		when := fmt.Sprintf("%s(%s, done: %t", e.call.name, e.call.args, e.done)
		p.cut(when, func() bool { return false })
		p.cut(when, func() bool { return true })
		for range 2 {
			p.cut(when, func() bool { return p.rng.IntN(2) == 0 })
		}
	}
}

// adopt adds names whose system call the kill interrupted: they may exist.
func (p *powerCut) adopt(events []sysEvent) {
	done := map[*sysCall]bool{}
	for _, e := range events {
		done[e.call] = done[e.call] || e.done
	}
	for call, done := range done {
		if done || len(call.paths) == 0 || call.name == "unlink" || call.name == "rmdir" {
			continue
		}
		path := call.paths[len(call.paths)-1]
		if _, err := os.Lstat(path); err != nil || p.disk.entries[path] != nil || !p.disk.holds(path) {
			continue
		}
		if _, err := p.disk.apply(sysEvent{call, true}); err != nil {
			p.t.Fatal(err)
		}
	}
}

// cut fails the test unless the remaining files are an intact repository.
func (p *powerCut) cut(when string, chance func() bool) {
	p.t.Helper()
	p.cuts++
	left := p.disk.cut(chance)
	var state strings.Builder
	for _, r := range left {
		if !r.whole {
			p.t.Fatalf("power cut when %s: %s exists, and its bytes may be lost", when, r.path)
		}
		fmt.Fprintln(&state, r.path)
	}
	if p.seen[state.String()] {
		return
	}
	p.seen[state.String()] = true
	if err := p.check(left); err != nil {
		p.t.Fatalf("power cut when %s leaves\n%s%v", when, &state, err)
	}
}

// check verifies the remaining files. Without config.json, they must be none, so that the
// repository can be created again.
func (p *powerCut) check(left []remnant) error {
	if len(left) == 0 {
		return nil
	}
	bucket := memblob.OpenBucket(nil)
	defer bucket.Close()
	for _, r := range left {
		key, err := filepath.Rel(p.dir, r.path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(r.path)
		if err != nil {
			return err
		}
		if err := bucket.WriteAll(p.t.Context(), filepath.ToSlash(key), data, nil); err != nil {
			return err
		}
	}
	repo, err := repository.Open(p.t.Context(), bucket)
	if err != nil {
		return err
	}
	v, err := restore.Verify(p.t.Context(), repo, restore.VerifyOptions{SkipData: true}) // files are complete or absent
	if err == nil && v.Found+v.Foreign > 0 {
		err = fmt.Errorf("%d problems, %d foreign objects: %v", v.Found, v.Foreign, v.Problems)
	}
	return err
}

// checkDone fails the test unless all refs must remain. What they need must remain too, as cut
// checks.
func (p *powerCut) checkDone() {
	p.t.Helper()
	p.done++
	lasts := map[string]bool{}
	for _, r := range p.disk.cut(func() bool { return false }) {
		lasts[r.path] = true
	}
	refs, err := filepath.Glob(filepath.Join(p.dir, "refs", "*", "*.json"))
	if err != nil || len(refs) == 0 {
		p.t.Fatalf("the repository has %d snapshots, %v", len(refs), err)
	}
	for _, ref := range refs {
		if !lasts[ref] {
			p.t.Errorf("the export reported success, and a power cut may lose %s", ref)
		}
	}
}
