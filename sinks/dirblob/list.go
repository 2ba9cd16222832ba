package dirblob

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gocloud.dev/blob/driver"
)

const defaultPageSize = 1000

// ListPaged lists objects in the order of their keys. It reads the directories that
// may hold them, one at a time, from where the last page ended.
func (b *bucket) ListPaged(ctx context.Context, opts *driver.ListOptions) (*driver.ListPage, error) {
	l := &lister{ctx: ctx, bucket: b, opts: opts, after: string(opts.PageToken), size: opts.PageSize}
	if l.size == 0 {
		l.size = defaultPageSize
	}
	start := ""
	if i := strings.LastIndexByte(opts.Prefix, '/'); i >= 0 {
		start = opts.Prefix[:i+1]
	}
	if err := l.list(start); err != nil && err != errFull {
		return nil, err
	}
	return &l.page, nil
}

var errFull = errors.New("the page is full")

// A lister fills one page.
type lister struct {
	ctx    context.Context
	bucket *bucket
	opts   *driver.ListOptions
	after  string // keys up to this were on pages before
	size   int
	page   driver.ListPage
}

// list adds what lies in a directory, whose key ends in "/" unless it is the root.
func (l *lister) list(dir string) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(l.bucket.dir, filepath.FromSlash(dir)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	names := make([]string, 0, len(entries))
	byName := make(map[string]fs.DirEntry, len(entries))
	for _, e := range entries {
		if !l.mayHold(dir+e.Name()) || isHidden(dir+e.Name()) {
			continue
		}
		if e, err = l.bucket.follow(dir, e); err != nil {
			return err
		}
		name := e.Name()
		if e.IsDir() {
			name += "/" // so that names sort as keys do
		}
		names, byName[name] = append(names, name), e
	}
	slices.Sort(names)
	for _, name := range names {
		if err := l.entry(dir+name, byName[name]); err != nil {
			return err
		}
	}
	return nil
}

// mayHold reports whether a file or a directory of this name may have something to list.
func (l *lister) mayHold(name string) bool {
	return strings.HasPrefix(name, l.opts.Prefix) || strings.HasPrefix(l.opts.Prefix, name+"/")
}

func (l *lister) entry(key string, e fs.DirEntry) error {
	if e.IsDir() {
		return l.dir(key)
	}
	if !e.Type().IsRegular() || !strings.HasPrefix(key, l.opts.Prefix) || key <= l.after {
		return nil
	}
	if group := l.group(key); group != key {
		return l.add(&driver.ListObject{Key: group, IsDir: true})
	}
	info, err := e.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return l.add(&driver.ListObject{Key: key, Size: info.Size(), ModTime: info.ModTime()})
}

// dir goes into a directory that may hold something to list.
func (l *lister) dir(key string) error {
	if key <= l.after && !strings.HasPrefix(l.after, key) {
		return nil
	}
	if l.opts.Delimiter == "/" && strings.HasPrefix(key, l.opts.Prefix) && l.group(key) == key {
		occupied, err := l.bucket.occupied(key)
		if err != nil || !occupied {
			return err
		}
		return l.add(&driver.ListObject{Key: key, IsDir: true})
	}
	return l.list(key)
}

// occupied reports whether there is an object in a directory: only objects make
// directories be.
func (b *bucket) occupied(dir string) (bool, error) {
	entries, err := os.ReadDir(filepath.Join(b.dir, filepath.FromSlash(dir)))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	for _, e := range entries {
		if e, err = b.follow(dir, e); err != nil {
			return false, err
		}
		if e.Type().IsRegular() {
			return true, nil
		}
		if !e.IsDir() {
			continue
		}
		if inside, err := b.occupied(dir + e.Name() + "/"); inside || err != nil {
			return inside, err
		}
	}
	return false, err
}

// group returns the key up to the first delimiter behind the prefix, or all of it.
func (l *lister) group(key string) string {
	if l.opts.Delimiter == "" {
		return key
	}
	rest := key[len(l.opts.Prefix):]
	if i := strings.Index(rest, l.opts.Delimiter); i >= 0 {
		return l.opts.Prefix + rest[:i+len(l.opts.Delimiter)]
	}
	return key
}

func (l *lister) add(o *driver.ListObject) error {
	if n := len(l.page.Objects); n > 0 && l.page.Objects[n-1].Key == o.Key || o.Key <= l.after {
		return nil
	}
	if len(l.page.Objects) == l.size {
		l.page.NextPageToken = []byte(l.page.Objects[l.size-1].Key)
		return errFull
	}
	l.page.Objects = append(l.page.Objects, o)
	return nil
}
