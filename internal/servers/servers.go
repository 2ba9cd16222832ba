// Package servers starts real servers for tests, on loopback and free ports, from
// binaries that make builds into .cache/bin. A test that needs a server which is not
// there is skipped and says so, unless MAILHAUL_TEST_SERVERS is "required": then it
// fails.
package servers

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// path returns the file of a server's binary.
func path(name string) string {
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Dir(filepath.Dir(filepath.Dir(file)))
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(root, ".cache", "bin", name)
}

// have reports whether a server's binary is there.
func have(name string) bool {
	_, err := os.Stat(path(name))
	return err == nil
}

// Available reports whether there is an S3 server to start.
func Available() bool { return have("minio") }

// need skips the test, or fails it where servers are required, if a server is not there.
func need(t testing.TB, name string) {
	t.Helper()
	if have(name) {
		return
	}
	if os.Getenv("MAILHAUL_TEST_SERVERS") == "required" {
		t.Fatalf("the server %s is required and not built: run make servers", name)
	}
	t.Skipf("left out: the server %s is not built; make servers builds it", name)
}

// freePort returns a port of loopback that nobody listens on.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// start runs a server until the test ends, and waits until ready returns nil. Its log
// is shown if it does not come up.
func start(t testing.TB, cmd *exec.Cmd, ready func() error) {
	t.Helper()
	var log lockedBuffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1) // it ends whether anybody waits for it or not
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	const patience = 60 * time.Second
	err := errors.New("it was not tried")
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err = ready(); err == nil {
			return
		}
		select {
		case e := <-ended:
			ended <- e
			t.Fatalf("%s ended: %v\n%s", filepath.Base(cmd.Path), e, log.String())
		default:
		}
	}
	t.Fatalf("%s did not come up within %v: %v\n%s", filepath.Base(cmd.Path), patience, err, log.String())
}

// A lockedBuffer is a bytes.Buffer for several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// dial reports whether somebody listens.
func dial(addr string) error {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return fmt.Errorf("not yet: %w", err)
	}
	return c.Close()
}
