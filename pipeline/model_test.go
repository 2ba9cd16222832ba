package pipeline_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/restore"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

// TestModel lives through random histories of a mailbox: it changes between runs and
// during them, Graph fails in every way that it is known for, and runs are cut off
// wherever they write. Whatever happened, what is committed verifies, and after the next
// quiet run the repository holds exactly what the mailbox does. The histories are the same ones
// each time, unless the environment asks for others.
func TestModel(t *testing.T) {
	histories, first := 12, uint64(1)
	if n, err := strconv.Atoi(os.Getenv("MAILHAUL_TEST_HISTORIES")); err == nil {
		histories = n
	}
	switch seed, err := strconv.ParseUint(os.Getenv("MAILHAUL_TEST_SEED"), 10, 64); {
	case err == nil:
		histories, first = 1, seed
	case os.Getenv("MAILHAUL_TEST_SEED") == "random":
		first = rand.Uint64() >> 32
	}
	var steps int
	var mu sync.Mutex
	t.Run("histories", func(t *testing.T) {
		for i := range histories {
			seed := first + uint64(i)
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
				t.Parallel()
				n := newHistory(t, seed).live(10)
				mu.Lock()
				defer mu.Unlock()
				steps += n
			})
		}
	})
	t.Logf("%d steps in %d histories from seed %d on; MAILHAUL_TEST_SEED repeats one or is random, MAILHAUL_TEST_HISTORIES sets their number", steps, histories, first)
}

// A history is the life of one mailbox.
type history struct {
	*world
	mu    sync.Mutex // of rng: changes come from requests too
	rng   *rand.Rand
	store *memstore.Store

	telling sync.Mutex // of what follows
	steps   int
	story   []string
}

func newHistory(t *testing.T, seed uint64) *history {
	h := &history{rng: rand.New(rand.NewPCG(seed, 7)), store: memstore.New()}
	opts := simulator.Options{
		Seed: seed, Items: 30 + h.rng.IntN(60), ItemSize: 3500, MaxPageSize: 5 + h.rng.IntN(40), Concurrency: 3 + h.rng.IntN(3),
	}
	if h.rng.IntN(2) == 0 {
		opts.MaxPageSize = 1 + h.rng.IntN(3) // queries of many pages break in the middle
	}
	h.world = newWorld(t, opts)
	h.repo = newRepository(t, h.store.Open())
	t.Cleanup(func() {
		h.telling.Lock()
		defer h.telling.Unlock()
		if t.Failed() {
			for _, line := range h.story {
				t.Log(line)
			}
		}
	})
	return h
}

func (h *history) tell(format string, args ...any) {
	h.telling.Lock()
	defer h.telling.Unlock()
	h.steps++
	h.story = append(h.story, fmt.Sprintf(format, args...))
}

// live goes through some rounds and returns how many steps it took.
func (h *history) live(rounds int) int {
	for range rounds {
		h.change(h.intN(6))
		if h.intN(3) == 0 {
			h.burst(20)
		}
		for range h.intN(4) {
			h.eventful()
		}
		h.quiet()
		if h.t.Failed() {
			break
		}
	}
	h.telling.Lock()
	defer h.telling.Unlock()
	return h.steps
}

func (h *history) intN(n int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rng.IntN(n)
}

// eventful is a run under faults and changes, which may be cut off.
func (h *history) eventful() {
	var injected []*simulator.Injection
	for range h.intN(4) {
		f := h.fault()
		injected = append(injected, h.sim.Inject(f))
		h.tell("fault %+v", f)
	}
	if h.intN(2) == 0 {
		during := simulator.Fault{Skip: h.intN(20), Every: 1 + h.intN(15), Times: 1 + h.intN(8), Before: func() { h.change(1) }}
		injected = append(injected, h.sim.Inject(during))
		h.tell("changes during %d, %d, %d", during.Skip, during.Every, during.Times)
	}
	ctx, cancel := context.WithCancel(h.t.Context())
	defer cancel()
	switch h.intN(5) {
	case 0:
		n := h.intN(12)
		h.store.FailAfter(n)
		h.tell("the store fails at write %d", n)
	case 1, 2:
		n := h.intN(60)
		injected = append(injected, h.sim.Inject(simulator.Fault{Skip: n, Before: cancel}))
		h.tell("interrupted at request %d", n)
	case 3:
		n := h.intN(12)
		failWrite(h.store, "", n)
		h.tell("write %d fails", n)
	}
	opts := pipeline.Options{CheckpointBytes: int64(1 + h.intN(100_000)), Full: h.intN(8) == 0, NoProperties: h.intN(4) == 0}
	before := h.truth()
	rep, err := pipeline.Run(ctx, h.job(), opts)
	h.tell("run: %+v, %v", rep, err)
	if err == nil {
		if err := rep.Run.Check(); err != nil {
			h.t.Error(err)
		}
	}
	for _, i := range injected {
		i.Remove()
	}
	h.store.FailAfter(-1)
	h.store.Intercept(nil)
	h.whole()
	if err == nil && rep.State == manifest.StateComplete {
		h.checkClaim(rep, before, h.truth())
	}
}

// truth returns the change keys of the items in the mailbox.
func (h *history) truth() map[string]string {
	items := map[string]string{}
	for it := range h.sim.Items(h.mailbox.ID) {
		items[it.ID] = it.ChangeKey
	}
	return items
}

// checkClaim expects a snapshot that is called complete to hold what was in the mailbox all the
// time, as it was, but for what the report says is missing.
func (h *history) checkClaim(rep *pipeline.Report, before, after map[string]string) {
	h.t.Helper()
	held, excused := h.held(), map[string]bool{}
	for _, f := range rep.Failures {
		excused[f.ID] = true
	}
	missing := int64(0)
	for _, s := range rep.Short {
		missing += s.ShortBy()
	}
	for id, changeKey := range before {
		if after[id] != changeKey || excused[id] {
			continue
		}
		row, ok := held[id]
		if !ok {
			if missing--; missing < 0 {
				h.t.Errorf("a complete snapshot lacks item %s", id)
			}
			continue
		}
		var b bytes.Buffer
		h.check(h.sim.WriteItem(&b, h.mailbox.ID, id))
		if manifest.SumOf(b.Bytes()) != row.SHA256 {
			h.t.Errorf("a complete snapshot has item %s as it was once", id)
		}
	}
}

// quiet is a run that nothing disturbs.
func (h *history) quiet() {
	rep, err := pipeline.Run(h.t.Context(), h.job(), pipeline.Options{})
	h.tell("quiet run: %+v, %v", rep, err)
	if err != nil || !rep.Whole() || rep.Run.Check() != nil {
		h.t.Errorf("quiet run: %+v, %v", rep, err)
		return
	}
	h.whole()
	h.checkEqual()
	h.checkFolders()
}

// whole verifies what is committed.
func (h *history) whole() {
	h.t.Helper()
	v, err := restore.Verify(h.t.Context(), h.repo, restore.VerifyOptions{})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, p := range v.Problems {
		h.t.Errorf("%s: %s", p.Object, p.Error)
	}
}

// checkFolders expects the last snapshot to tell of the folders that there are.
func (h *history) checkFolders() {
	h.t.Helper()
	s, err := snapshots.Latest(h.t.Context(), h.repo, h.mailbox.ID)
	h.check(err)
	want := map[string]simulator.Folder{}
	for _, f := range h.sim.Folders(h.mailbox.ID) {
		if f.ParentID != "" && !f.Search && f.WellKnownName != "searchfolders" {
			want[f.ID] = f
		}
	}
	for _, f := range s.Folders {
		w, ok := want[f.ID]
		if !ok || w.DisplayName != f.DisplayName || w.ParentID != f.ParentFolderID && len(f.Path) > 1 || int64(w.Items) != f.Items {
			h.t.Errorf("folder %q of %d items is %+v", f.Path, f.Items, w)
		}
		delete(want, f.ID)
	}
	if len(want) > 0 {
		h.t.Errorf("folders are missing: %+v", want)
	}
}

// change changes the mailbox n times at random.
func (h *history) change(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for range n {
		h.changeOnce()
	}
}

// burst changes n items of one folder.
func (h *history) burst(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m, folder := h.mailbox.ID, h.folder("inbox")
	for range n {
		ids := h.inbox()
		what, err := "add in the inbox", error(nil)
		switch {
		case len(ids) < 5 || h.rng.IntN(3) == 0:
			_, err = h.sim.Add(m, folder)
		case h.rng.IntN(6) == 0:
			what, err = "delete in the inbox", h.sim.Delete(m, ids[h.rng.IntN(len(ids))])
		default:
			what, err = "touch in the inbox", h.sim.Touch(m, ids[h.rng.IntN(len(ids))])
		}
		h.tell("%s: %v", what, err)
	}
}

func (h *history) changeOnce() {
	m := h.mailbox.ID
	var items []simulator.Item
	for it := range h.sim.Items(m) {
		items = append(items, it)
	}
	folders := slices.DeleteFunc(h.sim.Folders(m), func(f simulator.Folder) bool {
		return f.Search || f.ParentID == "" || f.WellKnownName == "searchfolders"
	})
	folder := func() string { return folders[h.rng.IntN(len(folders))].ID }
	item := func() string {
		if len(items) == 0 {
			return ""
		}
		return items[h.rng.IntN(len(items))].ID
	}
	var what string
	var err error
	switch h.rng.IntN(14) {
	case 0, 1, 2:
		what, err = "touch", h.sim.Touch(m, item())
	case 3, 4, 5:
		what = "add"
		_, err = h.sim.Add(m, folder())
	case 6, 7:
		what, err = "delete", h.sim.Delete(m, item())
	case 8, 9:
		what = "move"
		_, err = h.sim.Move(m, item(), folder())
	case 10:
		what = "create folder"
		_, err = h.sim.CreateFolder(m, folder(), fmt.Sprint("New ", h.rng.IntN(3)))
	case 11:
		what, err = "rename folder", h.sim.RenameFolder(m, folder(), fmt.Sprint("Other ", h.rng.IntN(3)))
	case 12:
		what, err = "move folder", h.sim.MoveFolder(m, folder(), folder())
	case 13:
		what, err = "delete folder", h.sim.DeleteFolder(m, folder())
	}
	h.tell("%s: %v", what, err)
}

// someItem returns the id of an item of the mailbox.
func (h *history) someItem() string {
	ids := h.itemIDs()
	if len(ids) == 0 {
		return ""
	}
	return ids[h.rng.IntN(len(ids))]
}

// fault is one that a run gets over, or not.
func (h *history) fault() simulator.Fault {
	h.mu.Lock()
	defer h.mu.Unlock()
	ops := []simulator.Operation{"", simulator.OpExport, simulator.OpExport, simulator.OpItems, simulator.OpItemDelta, simulator.OpFolders, simulator.OpFolderDelta}
	f := simulator.Fault{Operation: ops[h.rng.IntN(len(ops))], Skip: h.rng.IntN(30), Every: 1 + h.rng.IntN(4), Times: 1 + h.rng.IntN(3)}
	switch h.rng.IntN(18) {
	case 9:
		f.Operation, f.Status, f.Linked, f.Times = simulator.OpItems, 410, true, 1+h.rng.IntN(9)
	case 10:
		f.Status, f.LargerThan, f.Times = []int{503, 504}[h.rng.IntN(2)], 1+h.rng.IntN(4), -1
	case 11:
		f.Operation = []simulator.Operation{simulator.OpItems, simulator.OpItemDelta}[h.rng.IntN(2)]
		f.Endless, f.Times = true, -1
	case 12:
		f.Corrupt, f.Times = h.someItem(), -1
	case 0:
		f.Status = []int{429, 503, 500, 502, 504}[h.rng.IntN(5)]
		f.Empty = f.Status == 503
	case 1:
		f.Cut, f.CutAfter = simulator.CutClean, int64(h.rng.IntN(20_000))
	case 2:
		f.Cut, f.CutAfter = simulator.CutReset, int64(h.rng.IntN(20_000))
	case 3:
		// A change that a delta query leaves out cannot be noticed: it is not counted.
		f.Operation = []simulator.Operation{simulator.OpExport, simulator.OpItems, simulator.OpFolders}[h.rng.IntN(3)]
		f.Omit = 1 + h.rng.IntN(3)
	case 4:
		f.Repeat = 1 + h.rng.IntN(3)
	case 5:
		f.Operation, f.ItemCode = simulator.OpExport, "ErrorInternalServerTransientError"
	case 6:
		f.Operation, f.ItemCode = simulator.OpExport, "ErrorCorruptData"
	case 7:
		f.Operation, f.Extra = simulator.OpExport, 1
	case 8:
		f.Operation = []simulator.Operation{simulator.OpItemDelta, simulator.OpFolderDelta}[h.rng.IntN(2)]
		f.Status, f.Code = 410, []string{"SyncStateNotFound", "resyncRequired"}[h.rng.IntN(2)]
	case 13, 14:
		f.Operation, f.Stale, f.Times = simulator.OpExport, true, 1+h.rng.IntN(20)
	case 15:
		f.Operation, f.NoIDs, f.Times = simulator.OpExport, true, 1+h.rng.IntN(20)
	case 16:
		f.ByteOrderMark = true
	case 17:
		f.Status, f.Empty = []int{400, 403, 404}[h.rng.IntN(3)], h.rng.IntN(2) == 0
		if !f.Empty {
			f.Operation = simulator.OpExport
		}
	}
	return f
}
