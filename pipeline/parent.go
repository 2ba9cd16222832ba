package pipeline

import (
	"context"
	"errors"
	"sync"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline/internal/index"
	"github.com/mailhaul/mailhaul/snapshots"
)

// A parent is the mailbox's last snapshot, from which a run starts, and the index of its items.
type parent struct {
	*snapshots.Snapshot // empty on the mailbox's first run

	failed   map[manifest.RowKey]*manifest.Failure
	byFolder map[string][]manifest.Failure
	index    *index.Index

	loading sync.Mutex
	loaded  bool // the rows are in the index
}

// loadParent reads the mailbox's last snapshot without its rows.
func loadParent(ctx context.Context, job Job) (*parent, error) {
	last, err := snapshots.Latest(ctx, job.Repository, job.Mailbox.ID)
	if errors.Is(err, snapshots.ErrNone) {
		last = &snapshots.Snapshot{Snapshot: &manifest.Snapshot{}}
	} else if err != nil {
		return nil, err
	}
	p := &parent{
		Snapshot: last, index: index.New(),
		failed: map[manifest.RowKey]*manifest.Failure{}, byFolder: map[string][]manifest.Failure{},
	}
	p.index.Start(last.Snapshot)
	for i := range last.Failures {
		f := &last.Failures[i]
		p.failed[manifest.KeyOf(f.Folder, f.ID)] = f
		p.byFolder[f.Folder] = append(p.byFolder[f.Folder], *f)
	}
	return p, nil
}

// folder returns a folder as the snapshot has it.
func (p *parent) folder(id string) (f graph.Folder, ok bool) {
	for i := range p.Folders {
		if f := &p.Folders[i]; f.ID == id {
			return graph.Folder{
				ID: f.ID, ParentFolderID: f.ParentFolderID, DisplayName: f.DisplayName, Path: f.Path, Type: f.Type,
				WellKnownName: f.WellKnownName, Hidden: f.Hidden, TotalItemCount: int(f.TotalItemCount), Mailbox: f.Mailbox,
			}, true
		}
	}
	return f, false
}

// refusesDelta reports whether the mailbox had no delta queries: the last run listed folders by
// time, and none by its changes.
func (p *parent) refusesDelta() bool {
	byTime := false
	for _, f := range p.Folders {
		if f.DeltaLink != "" {
			return false
		}
		byTime = byTime || !f.ListedThrough.IsZero()
	}
	return byTime
}

// loadIndex reads the rows of the snapshot into the index, once: a run in which nothing changed
// does not need them.
func (p *parent) loadIndex(ctx context.Context) error {
	p.loading.Lock()
	defer p.loading.Unlock()
	if p.loaded {
		return nil
	}
	listed := make(map[string]bool, len(p.Folders))
	for i := range p.Folders {
		listed[p.Folders[i].ID] = true
	}
	for row, err := range p.Rows(ctx) {
		if err != nil {
			return err
		}
		if listed[row.Folder] {
			p.index.Load(&row)
		}
	}
	p.loaded = true
	return nil
}

// holds reports whether there is a live row of a failed item.
func (p *parent) holds(key manifest.RowKey, f *manifest.Failure) bool {
	p.loading.Lock()
	loaded := p.loaded
	p.loading.Unlock()
	return !loaded && f.Held || p.index.Holds(key)
}

// maxRuns is the number of runs in a row in which an item may fail. After that it is requested
// only if it changes.
const maxRuns = 10

// gaveUp reports whether the item failed too often to be requested again.
func (p *parent) gaveUp(it *item) bool {
	f := p.failed[it.key]
	return f != nil && f.Runs >= maxRuns && f.Item.ChangeKey == it.ChangeKey
}

// failure returns how an item failed in the last run; nil if it did not.
func (p *parent) failure(key manifest.RowKey) *manifest.Failure { return p.failed[key] }

// hasFailed reports whether an item failed in the last run.
func (p *parent) hasFailed(key manifest.RowKey) bool { return p.failed[key] != nil }

// failedIn returns the items of a folder that failed in the last run.
func (p *parent) failedIn(folder string) []manifest.Failure { return p.byFolder[folder] }
