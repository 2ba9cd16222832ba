package restore

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

// ErrNoItem is in the error of an extraction of items that the snapshot does not hold.
var ErrNoItem = errors.New("the snapshot does not hold it")

// ErrDiffers is in the error of an extraction that would replace a file with other content.
var ErrDiffers = errors.New("a file with other content exists")

// Extracted is an item and where its stream was written.
type Extracted struct {
	ID     string          `json:"id"`
	Folder string          `json:"folder"`
	Path   string          `json:"path"` // below the target directory, with the system's separators
	Length int64           `json:"length"`
	SHA256 manifest.Digest `json:"sha256"`
}

// Extract writes items of a snapshot below dir, each as <folder path>/<name>.fts, byte for byte as
// Graph sent it, and calls done for each. Without ids it writes all items. A file gets its name
// when it is complete. A file that exists with the same bytes is left alone; one with other bytes
// is ErrDiffers.
func Extract(ctx context.Context, repo *repository.Repository, s *snapshots.Snapshot, dir string, ids []string, done func(Extracted) error) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	x := &extractor{root: root, dirs: folderNames(s.Folders), items: newItemReader(repo)}
	wanted := newSelection(ids)
	for row, err := range s.Items(ctx) {
		if err != nil {
			return err
		}
		if !wanted.take(row.ID) {
			continue
		}
		e, err := x.extract(ctx, &row)
		if err != nil {
			return err
		}
		if err := done(e); err != nil {
			return err
		}
	}
	return wanted.missing()
}

// A selection has the ids of the items to extract, and whether each was found. Without ids, it has
// all items.
type selection map[string]bool

func newSelection(ids []string) selection {
	s := make(selection, len(ids))
	for _, id := range ids {
		s[id] = false
	}
	return s
}

// take reports whether an item is selected, and marks it as found.
func (s selection) take(id string) bool {
	if len(s) == 0 {
		return true
	}
	_, ok := s[id]
	if ok {
		s[id] = true
	}
	return ok
}

// missing returns an error that names the items that were not found.
func (s selection) missing() error {
	maps.DeleteFunc(s, func(_ string, found bool) bool { return found })
	if len(s) > 0 {
		return fmt.Errorf("item %s: %w", strings.Join(slices.Sorted(maps.Keys(s)), ", "), ErrNoItem)
	}
	return nil
}

type extractor struct {
	root  *os.Root
	dirs  map[string]string
	items *itemReader
}

func (x *extractor) extract(ctx context.Context, row *manifest.Row) (Extracted, error) {
	if err := ctx.Err(); err != nil {
		return Extracted{}, err
	}
	name := filepath.FromSlash(path.Join(x.dirs[row.Folder], itemName(row)))
	e := Extracted{ID: row.ID, Folder: row.Folder, Path: name, Length: row.Length, SHA256: row.SHA256}
	if done, err := x.isExtracted(name, row); done || err != nil {
		return e, err
	}
	if err := x.root.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return e, err
	}
	// The temporary name depends on the item alone: after a kill, a rerun replaces the remains.
	part := name + ".part"
	err := x.write(ctx, part, row)
	if err == nil {
		err = x.root.Rename(part, name)
	}
	if err != nil {
		err = errors.Join(err, ignoreAbsent(x.root.Remove(part)))
	}
	return e, err
}

func (x *extractor) write(ctx context.Context, name string, row *manifest.Row) (err error) {
	f, err := x.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return x.items.writeTo(ctx, f, row)
}

// isExtracted reports whether the file exists with the row's bytes.
func (x *extractor) isExtracted(name string, row *manifest.Row) (bool, error) {
	f, err := x.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, bufio.NewReaderSize(f, 1<<20)); err != nil {
		return false, err
	}
	if manifest.Digest(sum.Sum(nil)) != row.SHA256 {
		return false, fmt.Errorf("item %s: %s: %w", row.ID, name, ErrDiffers)
	}
	return true, nil
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
