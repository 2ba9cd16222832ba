package restore

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

// ErrNoItem is in the error of an extraction that was asked for items which the
// snapshot does not hold.
var ErrNoItem = errors.New("the snapshot does not hold it")

// ErrDiffers is in the error of an extraction that would have to replace a file
// with other content.
var ErrDiffers = errors.New("a file with other content is there already")

// An Extracted item tells where its stream was written.
type Extracted struct {
	ID     string          `json:"id"`
	Folder string          `json:"folder"`
	Path   string          `json:"path"` // below the target directory, with the system's separators
	Length int64           `json:"length"`
	SHA256 manifest.Digest `json:"sha256"`
}

// Extract writes items of a snapshot below dir, each as <folder path>/<name>.fts,
// byte for byte what Graph sent, and calls done for each. Without ids it writes
// them all. A file appears under its name only when it is whole; one that is there
// already with the same bytes is left as it is.
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
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	for row, err := range s.Items(ctx) {
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			if _, asked := wanted[row.ID]; !asked {
				continue
			}
			wanted[row.ID] = false
		}
		e, err := x.extract(ctx, &row)
		if err != nil {
			return err
		}
		if err := done(e); err != nil {
			return err
		}
	}
	return missing(wanted)
}

func missing(wanted map[string]bool) error {
	var ids []string
	for id, open := range wanted {
		if open {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	sort.Strings(ids)
	return fmt.Errorf("item %s: %w", strings.Join(ids, ", "), ErrNoItem)
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
	there, err := x.isThere(name, row)
	if there || err != nil {
		return e, err
	}
	if err := x.root.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return e, err
	}
	// The temporary name is the item's own, so that a rerun after a kill
	// replaces what was left.
	part := name + ".part"
	err = x.write(ctx, part, row)
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

// isThere reports whether the file exists with the row's bytes.
func (x *extractor) isThere(name string, row *manifest.Row) (bool, error) {
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
