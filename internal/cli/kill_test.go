package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/restore"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/sinks"
	"github.com/mailhaul/mailhaul/snapshots"
)

// TestKilled kills exports to every store with SIGKILL: before, during and after each kind of
// write, and at random moments. The committed snapshots are intact, and the next export completes
// them: no item is lost, and none is held twice.
func TestKilled(t *testing.T) {
	for _, s := range killStores {
		t.Run(s.name, func(t *testing.T) {
			seed := rand.Uint64() >> 32
			t.Logf("seed %d", seed)
			k := newKiller(t, seed, s.open(t))
			for i, m := range s.moments {
				if m.kind == "config" || i%6 == 0 {
					k.store.elsewhere() // first exports are killed too, and repositories stay small
				}
				k.killAt(m)
			}
			for range 3 {
				k.killAtRandom()
			}
			t.Logf("%d exports were killed", k.killed)
		})
	}
}

// TestInterrupted: on SIGINT and SIGTERM, an export commits what it has and reports it.
func TestInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("left out: Windows has no such signals")
	}
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		k := newKiller(t, 1, openFileStore(t))
		k.store.elsewhere()
		started := make(chan *os.Process, 1)
		k.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Skip: 1, Before: func() { _ = (<-started).Signal(sig) }})
		var out bytes.Buffer
		// The second request comes when the first one's answer is in, not beside it.
		cmd := k.export("--checkpoint-interval", "1h", "--max-in-flight", "1")
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		started <- cmd.Process
		err := cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 130 {
			t.Fatalf("%v: exit code is %d, %v\n%s", sig, code, err, &out)
		}
		k.verify()
		s, err := snapshots.Latest(t.Context(), k.repository(), k.mailbox)
		if err != nil || s.State != manifest.StatePartial || s.Totals.Items == 0 || s.Totals.Items >= mailboxSize {
			t.Errorf("%v: snapshot is %+v, %v", sig, s, err)
		}
		k.complete()
	}
}

// The contents of the mailbox. A response of 20 items fills more than a frame, so that there is
// something to commit after each response.
const (
	mailboxSize = 70
	itemSize    = 65_000
)

// A killer exports a simulated mailbox to a store, and kills exports.
type killer struct {
	t       *testing.T
	rng     *rand.Rand
	sim     *simulator.Server
	graph   string
	mailbox string
	program string
	store   *killStore
	took    time.Duration // by the last export that was to be killed
	killed  int
}

func newKiller(t *testing.T, seed uint64, store *killStore) *killer {
	t.Helper()
	sim, err := simulator.New(simulator.Options{Seed: seed, Mailboxes: 1, Items: mailboxSize, ItemSize: itemSize})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return &killer{
		t: t, rng: rand.New(rand.NewPCG(seed, 11)), sim: sim, graph: server.URL + "/v1.0",
		mailbox: sim.Mailboxes()[0].ID, program: program(t), store: store,
	}
}

// program returns the command to kill: this binary, or, with the race detector, one that is built
// without it, because hundreds of exports would take minutes. That one is built next to this
// binary, and removed with it. It is built like the servers, so that packages are compiled once.
func program(t *testing.T) string {
	t.Helper()
	ours, err := exec.LookPath("mailhaul")
	if err != nil {
		t.Fatal(err)
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || !slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		return ours
	}
	fast := filepath.Join(filepath.Dir(ours), "mailhaul-fast")
	if _, err := os.Stat(fast); err == nil {
		return fast
	}
	build := exec.Command("go", "build", "-trimpath", "-o", fast, "../../cmd/mailhaul")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return fast
}

// export returns the command of an export that commits a partial snapshot for each response of
// Graph.
func (k *killer) export(flags ...string) *exec.Cmd {
	args := []string{"export", "--graph-url", k.graph, "--mailbox", k.mailbox, "--repo", k.store.childURL, "--checkpoint-interval", "4ms"}
	cmd := exec.Command(k.program, append(args, flags...)...)
	cmd.Env = append(os.Environ(), k.store.childEnv...)
	return cmd
}

// change changes the mailbox: 60 items are modified, and some are deleted and added.
func (k *killer) change() {
	k.t.Helper()
	var ids []string
	for it := range k.sim.Items(k.mailbox) {
		ids = append(ids, it.ID)
	}
	k.rng.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	var errs []error
	for i, id := range ids[:60] {
		if i < 5 {
			errs = append(errs, k.sim.Delete(k.mailbox, id))
			_, err := k.sim.Add(k.mailbox, "inbox")
			errs = append(errs, err)
		} else {
			errs = append(errs, k.sim.Touch(k.mailbox, id))
		}
	}
	if err := errors.Join(errs...); err != nil {
		k.t.Fatal(err)
	}
}

// A run is an export under way.
type run struct {
	kill func()
	gone <-chan struct{} // closed when the process has ended
}

// round changes the mailbox, exports it, and lets arm kill the process. It reports whether that
// happened. The export makes several writes of each kind, whatever the machine's speed, because
// Graph waits for the checkpoints.
func (k *killer) round(arm func(r *run) (disarm func())) bool {
	k.t.Helper()
	k.change()
	cmd := k.export()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	gone := make(chan struct{})
	r := &run{gone: gone, kill: sync.OnceFunc(func() { _ = cmd.Process.Kill(); <-gone })}
	pace := k.pace(gone)
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	disarm := arm(r)
	started := time.Now()
	err := cmd.Wait()
	k.took = time.Since(started)
	close(gone)
	disarm()
	pace.Remove()
	if cmd.ProcessState.ExitCode() >= 0 && err != nil {
		k.t.Fatalf("the export failed before it was killed: %v\n%s", err, &out)
	}
	if err == nil {
		return false
	}
	k.killed++
	return true
}

// pace delays each response of Graph until the items of the previous one are committed.
func (k *killer) pace(gone <-chan struct{}) *simulator.Injection {
	committed := k.store.commits()
	var answers atomic.Int64
	return k.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Times: -1, Before: func() {
		before := int(answers.Add(1)) - 1
		for before > 0 && k.store.commits() < committed+before {
			select {
			case <-gone:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}})
}

// killAt kills an export at a moment. An export may miss the moment, because the watcher of a
// directory is late, or because the export writes fewer packs. Then another export is killed.
func (k *killer) killAt(m moment) {
	k.t.Helper()
	for range 1 + k.store.misses {
		killed := k.round(func(r *run) func() { return k.store.arm(m, r) })
		k.check(m.String())
		if killed {
			return
		}
		k.store.elsewhere()
	}
	k.t.Errorf("no export was killed %s", m)
}

// killAtRandom kills an export at a random moment, unless the export finishes first.
func (k *killer) killAtRandom() {
	k.t.Helper()
	wait := time.Duration(k.rng.Int64N(int64(k.took)))
	k.round(func(r *run) func() {
		timer := time.AfterFunc(wait, r.kill)
		return func() { timer.Stop() }
	})
	k.check(fmt.Sprint("after ", wait))
}

// check fails the test unless the committed snapshots are intact and the next export completes
// them.
func (k *killer) check(when string) {
	k.t.Helper()
	k.verify()
	k.complete()
	if k.t.Failed() {
		k.t.Fatalf("the export was killed %s", when)
	}
}

// repository opens the repository. The test's cleanup closes it.
func (k *killer) repository() *repository.Repository {
	k.t.Helper()
	bucket, err := sinks.Open(k.t.Context(), k.store.url)
	if err != nil {
		k.t.Fatal(err)
	}
	repo, err := repository.Init(k.t.Context(), bucket)
	if err != nil {
		bucket.Close()
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { repo.Close() })
	return repo
}

// verify fails the test if the repository has a problem.
func (k *killer) verify() {
	k.t.Helper()
	v, err := restore.Verify(k.t.Context(), k.repository(), restore.VerifyOptions{})
	if err != nil {
		k.t.Fatal(err)
	}
	for _, p := range v.Problems {
		k.t.Errorf("%s: %s", p.Object, p.Error)
	}
	if v.Foreign > 0 {
		k.t.Errorf("%d foreign objects", v.Foreign)
	}
}

// complete exports again, and fails the test unless the snapshot holds exactly the mailbox's items.
func (k *killer) complete() {
	k.t.Helper()
	if out, err := k.export("--checkpoint-interval", "1h").CombinedOutput(); err != nil {
		k.t.Fatalf("the export after: %v\n%s", err, out)
	}
	s, err := snapshots.Latest(k.t.Context(), k.repository(), k.mailbox)
	if err != nil {
		k.t.Fatal(err)
	}
	held := map[string]manifest.Digest{}
	for row, err := range s.Items(k.t.Context()) {
		if err != nil {
			k.t.Fatal(err)
		}
		if _, twice := held[row.ID]; twice {
			k.t.Errorf("item %s is held twice", row.ID)
		}
		held[row.ID] = row.SHA256
	}
	for it := range k.sim.Items(k.mailbox) {
		var want bytes.Buffer
		if err := k.sim.WriteItem(&want, k.mailbox, it.ID); err != nil {
			k.t.Fatal(err)
		}
		if held[it.ID] != manifest.SumOf(want.Bytes()) {
			k.t.Errorf("item %s is lost, or differs from its source", it.ID)
		}
		delete(held, it.ID)
	}
	if len(held) > 0 || s.State != manifest.StateComplete {
		k.t.Errorf("%d held items are not in the mailbox; the snapshot is %s", len(held), s.State)
	}
}
