package cli_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/internal/servers"
)

// A moment is when an export is killed: when it writes the nth object of a kind.
type moment struct {
	kind string
	nth  int
	when phase
}

func (m moment) String() string { return fmt.Sprintf("%s %s %d was written", m.when, m.kind, m.nth) }

// storeMoments are the moments of a store behind a proxy.
var storeMoments = []moment{
	{"config", 1, before}, {"config", 1, half}, {"config", 1, after},
	{"pack", 1, before}, {"pack", 2, half}, {"pack", 3, after},
	{"segment", 1, before}, {"segment", 2, half}, {"segment", 3, after},
	{"manifest", 1, before}, {"manifest", 2, half}, {"manifest", 3, after},
	{"ref", 1, before}, {"ref", 2, half}, {"ref", 3, after},
}

// fileMoments are the moments of a directory. A watcher sees a file while it has a temporary name,
// and when it has its final one.
var fileMoments = []moment{
	{"config", 1, after}, {"temporary file", 1, half}, {"temporary file", 2, half}, {"temporary file", 5, half}, {"temporary file", 8, half},
	{"pack", 1, after}, {"pack", 3, after}, {"segment", 2, after}, {"manifest", 1, after}, {"manifest", 3, after},
	{"ref", 1, after}, {"ref", 2, after},
}

// killStores are the stores of TestKilled.
var killStores = []struct {
	name    string
	moments []moment
	open    func(t *testing.T) *killStore
}{
	{"file", fileMoments, openFileStore},
	{"MinIO", storeMoments, func(t *testing.T) *killStore { return openS3(t, servers.MinIO(t)) }},
	{"VersityGW", storeMoments, func(t *testing.T) *killStore { return openS3(t, servers.VersityGW(t)) }},
	{"Azurite", storeMoments, openAzure},
	{"fake-gcs-server", storeMoments, openGCS},
}

// A killStore is a store with a URL for the test and one for the export.
type killStore struct {
	url, childURL string
	childEnv      []string
	commits       func() int                             // number of refs that were written
	counted       func() map[string]int                  // requests since the last call; of a server
	arm           func(m moment, r *run) (disarm func()) // kills the process at the moment
	elsewhere     func()                                 // goes to a place where nothing is
	misses        int                                    // of a moment, at most: who looks may be late, and several answers may share a pack
}

// behind returns a store behind a proxy. Both URLs have a prefix.
func behind(p *storeProxy, url, childURL func(prefix string) string, env ...string) *killStore {
	var refs atomic.Int64
	s := &killStore{childEnv: env, commits: func() int { return int(refs.Load()) }, counted: p.counted, misses: 10}
	places := 0
	s.elsewhere = func() {
		places++
		prefix := fmt.Sprint("place-", places)
		s.url, s.childURL = url(prefix), childURL(prefix)
	}
	watch := func(m moment, r *run) {
		var seen atomic.Int64
		p.watch(func(kind string, when phase) {
			if kind == "ref" && when == after {
				defer refs.Add(1)
			}
			if kind == m.kind && when == m.when && seen.Add(1) == int64(m.nth) {
				r.kill()
			}
		})
	}
	watch(moment{}, nil)
	s.arm = func(m moment, r *run) func() {
		watch(m, r)
		return func() { watch(moment{}, nil) }
	}
	return s
}

func openS3(t *testing.T, server *servers.S3) *killStore {
	server.Setenv(t)
	p, bucket := newStoreProxy(t, server.Endpoint, true), server.Bucket(t)
	return behind(p, func(prefix string) string { return server.URL(bucket, prefix) },
		func(prefix string) string { return server.URLAt(p.addr, bucket, prefix) })
}

func openAzure(t *testing.T) *killStore {
	server := servers.Azurite(t)
	server.Setenv(t)
	p, container := newStoreProxy(t, server.Endpoint, true), server.Container(t)
	return behind(p, func(prefix string) string { return server.URL(container, prefix) },
		func(prefix string) string { return server.URLAt(p.addr, container, prefix) })
}

func openGCS(t *testing.T) *killStore {
	server := servers.FakeGCS(t)
	server.Setenv(t)
	p, bucket := newStoreProxy(t, server.Endpoint, false), server.Bucket(t)
	url := func(prefix string) string { return server.URL(bucket, prefix) }
	return behind(p, url, url, "STORAGE_EMULATOR_HOST=http://"+p.addr)
}

// kindDirs are the directories of objects by kind.
var kindDirs = map[string]string{"pack": "packs", "segment": "manifests", "manifest": "manifests", "ref": "refs"}

// openFileStore creates a directory. Each run polls it in a goroutine.
func openFileStore(t *testing.T) *killStore {
	dir := ""
	count := func(kind string) (n int) {
		_ = filepath.WalkDir(filepath.Join(dir, kindDirs[kind]), func(file string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && kindOf(filepath.ToSlash(file)) == kind {
				n++
			}
			return nil
		})
		return n
	}
	s := &killStore{commits: func() int { return count("ref") }, misses: 20}
	s.elsewhere = func() {
		dir = filepath.Join(t.TempDir(), "repository")
		s.url, s.childURL = dir, dir
	}
	s.arm = func(m moment, r *run) func() {
		came := func(base int) bool { return count(m.kind) >= base+m.nth }
		if m.kind == "temporary file" {
			came = newFiles(filepath.Join(dir, ".tmp"), m.nth)
		}
		base, done := count(m.kind), make(chan struct{})
		go func() {
			defer close(done)
			for !came(base) {
				select {
				case <-r.gone:
					return
				case <-time.After(time.Millisecond):
				}
			}
			r.kill()
		}()
		return func() { <-done }
	}
	return s
}

// newFiles returns a function that reports whether the nth file has appeared in a directory.
func newFiles(dir string, nth int) func(int) bool {
	seen := map[string]bool{}
	return func(int) bool {
		files, _ := os.ReadDir(dir)
		for _, f := range files {
			seen[f.Name()] = true
		}
		return len(seen) >= nth
	}
}
