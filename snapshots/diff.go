package snapshots

import (
	"context"
	"iter"
	"slices"

	"github.com/mailhaul/mailhaul/internal/rows"
	"github.com/mailhaul/mailhaul/manifest"
)

// A Kind is how an item or a folder differs between two snapshots.
type Kind string

// The kinds of changes. A moved item gets another id and is recognised by its search key. Without
// one, it appears as removed and added.
const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
	Moved   Kind = "moved"
)

// A Change is an item that differs between two snapshots.
type Change struct {
	Kind Kind
	Row  manifest.Row // of the later snapshot, or of the earlier one if the item was removed
	From string       // if the item was moved, the id of its folder in the earlier snapshot
}

// A FolderChange is a folder that differs: Changed if its path has changed, Moved if its parent
// has.
type FolderChange struct {
	Kind   Kind
	Folder manifest.Folder
	From   []string // the path in the earlier snapshot; nil if the folder was added
}

// Folders returns the folders that differ between two snapshots: those of the later snapshot in its
// order, and then the removed ones.
func Folders(a, b *Snapshot) []FolderChange {
	before := make(map[string]*manifest.Folder, len(a.Folders))
	for i := range a.Folders {
		before[a.Folders[i].ID] = &a.Folders[i]
	}
	var changes []FolderChange
	for _, f := range b.Folders {
		old := before[f.ID]
		delete(before, f.ID)
		switch {
		case old == nil:
			changes = append(changes, FolderChange{Kind: Added, Folder: f})
		case old.ParentFolderID != f.ParentFolderID:
			changes = append(changes, FolderChange{Moved, f, old.Path})
		case !slices.Equal(old.Path, f.Path):
			changes = append(changes, FolderChange{Changed, f, old.Path})
		}
	}
	for _, f := range a.Folders {
		if before[f.ID] != nil {
			changes = append(changes, FolderChange{Removed, f, f.Path})
		}
	}
	return changes
}

// Items returns the items that differ between two snapshots: the removed ones, and then the others.
// It passes over both snapshots twice, and takes about 50 bytes of memory for each item. The
// sequence ends after its first error.
func Items(ctx context.Context, a, b *Snapshot) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		d := &differ{folders: make([]string, 0, len(a.Folders))}
		for i := range a.Folders {
			d.folders = append(d.folders, a.Folders[i].ID)
		}
		err := d.load(ctx, a, b)
		if err == nil {
			err = d.report(ctx, a, b, yield)
		}
		if err != nil {
			yield(Change{}, err)
		}
	}
}

// A differ compares two snapshots.
type differ struct {
	items   rows.Map[compared] // of the earlier snapshot
	added   rows.Map[uint32]   // by search key: 1 + the index of the folder that the item was in, or 0
	folders []string           // ids, of the earlier snapshot
}

// compared is an item of the earlier snapshot.
type compared struct {
	version manifest.RowKey
	found   bool // in the later snapshot
}

// version identifies an item's content and change key.
func version(row *manifest.Row) manifest.RowKey {
	return manifest.KeyOf(row.ChangeKey, row.SHA256.Hex())
}

func searchKey(row *manifest.Row) manifest.RowKey { return manifest.KeyOf("", string(row.SearchKey)) }

func (d *differ) load(ctx context.Context, a, b *Snapshot) error {
	for row, err := range a.Items(ctx) {
		if err != nil {
			return err
		}
		d.items.Set(row.Key(), compared{version: version(&row)})
	}
	for row, err := range b.Items(ctx) {
		if err != nil {
			return err
		}
		if old, ok := d.items.Get(row.Key()); ok {
			old.found = true
			d.items.Set(row.Key(), old)
		} else if len(row.SearchKey) > 0 {
			d.added.Set(searchKey(&row), 0)
		}
	}
	return nil
}

// report yields the changes.
func (d *differ) report(ctx context.Context, a, b *Snapshot, yield func(Change, error) bool) error {
	for row, err := range a.Items(ctx) {
		if err != nil {
			return err
		}
		if old, _ := d.items.Get(row.Key()); old.found || d.moved(&row) {
			continue
		}
		if !yield(Change{Kind: Removed, Row: row}, nil) {
			return nil
		}
	}
	for row, err := range b.Items(ctx) {
		if err != nil {
			return err
		}
		if c, differs := d.compare(row); differs && !yield(c, nil) {
			return nil
		}
	}
	return nil
}

// moved reports whether the later snapshot holds an item of the earlier one under another id, and
// records the folder that it was in.
func (d *differ) moved(row *manifest.Row) bool {
	if len(row.SearchKey) == 0 {
		return false
	}
	key := searchKey(row)
	if from, ok := d.added.Get(key); !ok || from > 0 {
		return false
	}
	d.added.Set(key, uint32(slices.Index(d.folders, row.Folder)+1))
	return true
}

// compare compares an item of the later snapshot with the earlier one.
func (d *differ) compare(row manifest.Row) (c Change, differs bool) {
	if old, ok := d.items.Get(row.Key()); ok {
		return Change{Kind: Changed, Row: row}, old.version != version(&row)
	}
	if len(row.SearchKey) > 0 {
		key := searchKey(&row)
		if from, _ := d.added.Get(key); from > 0 {
			d.added.Set(key, 0)
			return Change{Moved, row, d.folders[from-1]}, true
		}
	}
	return Change{Kind: Added, Row: row}, true
}
