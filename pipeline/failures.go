package pipeline

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/mailhaul/mailhaul/manifest"
)

// maxFailures bounds the failures that a manifest lists. A run with more does not fail on items,
// but as a whole.
const maxFailures = 20_000

// Failures lists the items that failed in this run or in the last one.
type failures struct {
	parent   *parent
	progress *Progress
	stop     func(error) // stops the front

	list map[manifest.RowKey]manifest.Failure
	here map[manifest.RowKey]failedHere // of list, the items that failed in this run
}

// failedHere says how an item failed in this run.
type failedHere struct {
	attempt   uint32 // the last that failed
	isCounted bool   // the run's counts include the item as failed
}

func newFailures(p *parent, progress *Progress, stop func(error)) *failures {
	f := &failures{
		parent: p, progress: progress, stop: stop,
		list: map[manifest.RowKey]manifest.Failure{}, here: map[manifest.RowKey]failedHere{},
	}
	for _, failure := range p.Failures {
		f.list[manifest.KeyOf(failure.Folder, failure.ID)] = failure
	}
	return f
}

// add lists a failed item. An item that failed before keeps its number of runs.
func (f *failures) add(v *verdict) {
	key := v.item.key
	f.here[key] = failedHere{v.item.attempt, v.isCounted() || f.here[key].isCounted}
	failure := v.manifest()
	if old := f.parent.failure(key); old != nil && old.Item.ChangeKey == failure.Item.ChangeKey {
		failure.Runs += old.Runs
		failure.Attempts += old.Attempts
		if v.deferred {
			failure.Runs = old.Runs // this run will request it again
		}
	}
	f.list[key] = failure
	if len(f.list) > maxFailures {
		f.stop(fmt.Errorf("more than %d items failed, the last with %s: %s", maxFailures, failure.Code, failure.Message))
	}
}

// exported removes an item that was exported, unless a later attempt failed.
func (f *failures) exported(it *item) {
	if f.here[it.key].attempt <= it.attempt {
		f.remove(it.key, itemExported)
	}
}

// remove removes an item. If it counts as failed, it counts as now instead.
func (f *failures) remove(key manifest.RowKey, now outcome) {
	if f.here[key].isCounted {
		f.progress.Failed.Add(-1)
		f.progress.count(now)
	}
	delete(f.list, key)
	delete(f.here, key)
}

// manifest returns the failures for a snapshot, without items that are gone.
func (f *failures) manifest(gone func(key manifest.RowKey, folder string) bool) []manifest.Failure {
	list := []manifest.Failure{}
	for key, failure := range f.list {
		if gone(key, failure.Folder) {
			continue
		}
		failure.Held = f.parent.holds(key, &failure)
		list = append(list, failure)
	}
	slices.SortFunc(list, func(a, b manifest.Failure) int {
		return cmp.Or(cmp.Compare(a.Folder, b.Folder), cmp.Compare(a.ID, b.ID))
	})
	return list
}
