package dirblob

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"gocloud.dev/blob/driver"
)

const defaultPageSize = 1000

// ListPaged lists objects in the order of their keys. It reads the directories that may hold them,
// one at a time, starting where the last page ended.
func (b *bucket) ListPaged(ctx context.Context, opts *driver.ListOptions) (_ *driver.ListPage, err error) {
	defer classify(&err)
	l := &lister{bucket: b, opts: opts, after: string(opts.PageToken), size: opts.PageSize}
	if l.size == 0 {
		l.size = defaultPageSize
	}
	start := ""
	if i := strings.LastIndexByte(opts.Prefix, '/'); i >= 0 {
		start = opts.Prefix[:i+1]
	}
	if err := l.list(ctx, start); err != nil && err != errFull {
		return nil, err
	}
	return &l.page, nil
}

var errFull = errors.New("the page is full")

// A lister fills a page.
type lister struct {
	bucket *bucket
	opts   *driver.ListOptions
	after  string // the last key of the page before
	size   int
	page   driver.ListPage
}

// list adds the objects in a directory, whose key ends in "/" or is empty for the root.
func (l *lister) list(ctx context.Context, dir string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	entries, err := l.bucket.readDir(dirName(dir))
	if err != nil {
		return err
	}
	names := make([]string, 0, len(entries))
	types := make(map[string]fs.FileMode, len(entries))
	for _, e := range entries {
		name := e.Name()
		if !l.mayHold(dir+name) || isSystems(dir+name) {
			continue
		}
		if e.IsDir() {
			name += "/" // sorts as keys do
		}
		names, types[name] = append(names, name), e.Type()
	}
	slices.Sort(names)
	for _, name := range names {
		if err := l.entry(ctx, dir+name, types[name]); err != nil {
			return err
		}
	}
	return nil
}

// dirName is the name of a directory whose key ends in "/", or is empty.
func dirName(dir string) string { return cmp.Or(strings.TrimSuffix(dir, "/"), ".") }

// mayHold reports whether a file or a directory of this name may have something to list.
func (l *lister) mayHold(name string) bool {
	return strings.HasPrefix(name, l.opts.Prefix) || strings.HasPrefix(l.opts.Prefix, name+"/")
}

func (l *lister) entry(ctx context.Context, key string, mode fs.FileMode) error {
	if mode.IsDir() {
		return l.dir(ctx, key)
	}
	if !strings.HasPrefix(key, l.opts.Prefix) || key <= l.after {
		return nil
	}
	if group := l.group(key); group != key {
		return l.add(&driver.ListObject{Key: group, IsDir: true})
	}
	if !mode.IsRegular() {
		return l.add(irregularEntry(key, mode))
	}
	info, err := l.bucket.root.Lstat(key)
	if err != nil {
		return ignoreAbsent(err)
	}
	return l.add(&driver.ListObject{Key: key, Size: info.Size(), ModTime: info.ModTime()})
}

// dir adds the objects in a directory, or the directory itself if a delimiter ends there.
func (l *lister) dir(ctx context.Context, key string) error {
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
	return l.list(ctx, key)
}

// occupied reports whether a directory holds anything but directories. Only objects count.
func (b *bucket) occupied(dir string) (bool, error) {
	entries, err := b.readDir(dirName(dir))
	for _, e := range entries {
		if !e.IsDir() {
			return true, nil
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
