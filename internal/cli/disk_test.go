package cli_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// A disk is what a directory's file system holds after some system calls, and what of that
// a power cut would leave: bytes that were synced after they were written, and names that
// their directories were synced after they were given. Of the rest, anything.
type disk struct {
	root    string            // a directory whose own name lasts
	entries map[string]*entry // by path
	files   map[string]*inode // by the path that they were created at
}

// An entry is a name in a directory.
type entry struct {
	file  *inode // nil: a directory
	lasts bool
}

// An inode is a file's bytes.
type inode struct {
	version int // counts beginnings and ends of writes
	synced  int // version of the bytes that last
}

func newDisk(root string) *disk {
	return &disk{root: root, entries: map[string]*entry{}, files: map[string]*inode{}}
}

func (d *disk) holds(path string) bool { return strings.HasPrefix(path, d.root+"/") }

// apply does what an event tells, and reports whether that can matter to a power cut.
func (d *disk) apply(e sysEvent) (bool, error) {
	c := e.call
	if c.file == d.root || d.holds(c.file) {
		return d.applyToFile(e)
	}
	if !e.done || !slices.ContainsFunc(c.paths, d.holds) {
		return false, nil
	}
	path := c.paths[len(c.paths)-1]
	switch c.name {
	case "open":
		if strings.Contains(c.args, "O_CREAT") {
			d.files[path] = &inode{}
			d.entries[path] = &entry{file: d.files[path]}
		} else if strings.Contains(c.args, "O_WRONLY") || strings.Contains(c.args, "O_RDWR") || strings.Contains(c.args, "O_TRUNC") {
			return false, fmt.Errorf("%s, which is there, is opened to be written", path)
		}
	case "mkdir":
		d.entries[path] = &entry{}
	case "link":
		d.entries[path] = &entry{file: d.files[c.paths[0]]}
	case "unlink", "rmdir":
		if !isTemporary(path) {
			return false, fmt.Errorf("%s is deleted", path)
		}
		delete(d.entries, path)
		return false, nil
	default:
		return false, fmt.Errorf("%s(%s is not expected of an export", c.name, c.args)
	}
	return true, nil
}

// applyToFile does what an event tells of an open file or directory.
func (d *disk) applyToFile(e sysEvent) (bool, error) {
	c, file := e.call, d.files[e.call.file]
	switch c.name {
	case "write", "pwrite64", "writev", "pwritev", "pwritev2":
		if file == nil {
			return false, fmt.Errorf("%s is written, and was not created", c.file)
		}
		file.version++
	case "fsync", "fdatasync":
		if file != nil {
			d.syncFile(e, file)
		} else {
			d.syncDir(e)
		}
	default:
		return false, fmt.Errorf("%s(%s is not expected of an export", c.name, c.args)
	}
	return true, nil
}

// syncFile makes those bytes last that were written when the sync began.
func (d *disk) syncFile(e sysEvent, file *inode) {
	if !e.done {
		e.call.bytes = file.version
		return
	}
	file.synced = max(file.synced, e.call.bytes)
}

// syncDir makes those names last that were there when the sync began.
func (d *disk) syncDir(e sysEvent) {
	if e.done {
		for _, n := range e.call.covers {
			n.lasts = true
		}
		return
	}
	for path, n := range d.entries {
		if filepath.Dir(path) == e.call.file {
			e.call.covers = append(e.call.covers, n)
		}
	}
}

// isTemporary reports whether a path is of what has no name yet, or their directory.
func isTemporary(path string) bool { return strings.Contains(path+"/", "/.tmp/") }

// A remnant is an object that a power cut left.
type remnant struct {
	path  string
	whole bool
}

// cut returns the files with a name that a power cut leaves. Of names that need not last,
// it leaves those that chance says.
func (d *disk) cut(chance func() bool) (left []remnant) {
	dirs := map[string]bool{d.root: true}
	for _, path := range slices.Sorted(maps.Keys(d.entries)) { // directories before what is in them
		n := d.entries[path]
		if !dirs[filepath.Dir(path)] || !n.lasts && !chance() {
			continue
		}
		if n.file == nil {
			dirs[path] = true
		} else if !isTemporary(path) {
			left = append(left, remnant{path, n.file.synced == n.file.version})
		}
	}
	return left
}
