package cli_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// A disk models a directory's file system after some system calls, and what a power cut leaves of
// it. Bytes remain if their file was synced after they were written, and names if their directory
// was synced after they were created. Anything else may remain or not.
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

// apply applies an event, and reports whether it changes what a power cut leaves.
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
			return false, fmt.Errorf("%s exists and is opened for writing", path)
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

// applyToFile applies an event on an open file or directory.
func (d *disk) applyToFile(e sysEvent) (bool, error) {
	c, file := e.call, d.files[e.call.file]
	switch c.name {
	case "write", "pwrite64", "writev", "pwritev", "pwritev2":
		if file == nil {
			return false, fmt.Errorf("%s is written but was not created", c.file)
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

// syncFile marks the bytes that were written before the sync started as durable.
func (d *disk) syncFile(e sysEvent, file *inode) {
	if !e.done {
		e.call.bytes = file.version
		return
	}
	file.synced = max(file.synced, e.call.bytes)
}

// syncDir marks the names that existed when the sync started as durable.
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

// isTemporary reports whether a path is a temporary file or the directory of temporary files.
func isTemporary(path string) bool { return strings.Contains(path+"/", "/.tmp/") }

// A remnant is a file that remains after a power cut.
type remnant struct {
	path  string
	whole bool
}

// cut returns the named files that a power cut leaves. chance decides about names that are not
// durable.
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
