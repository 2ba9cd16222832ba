package histories

import "github.com/mailhaul/mailhaul/simulator"

// fault returns a random fault of Graph. A run may succeed in spite of it, or not.
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
		// A change that a delta query omits cannot be noticed: it does not change a count.
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
