// Package servers starts real servers for tests, on loopback and free ports, from what
// make builds and installs into .cache. They end with the test that started them. A test
// that needs a server which is not there is skipped and says so, unless
// MAILHAUL_TEST_SERVERS is "required": then it fails.
package servers

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// cache returns a file of what make builds and installs.
func cache(elem ...string) string {
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Dir(filepath.Dir(filepath.Dir(file)))
	return filepath.Join(append([]string{root, ".cache"}, elem...)...)
}

// binary returns the file of a server that is built.
func binary(name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return cache("bin", name)
}

// Available reports whether there is an S3 server to start.
func Available() bool { return have(binary("minio")) }

func have(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// need skips the test, or fails it where servers are required, if a server is not there.
func need(t testing.TB, name, file string) {
	t.Helper()
	if have(file) {
		return
	}
	if os.Getenv("MAILHAUL_TEST_SERVERS") == "required" {
		t.Fatalf("the server %s is required and not built: run make servers", name)
	}
	t.Skipf("left out: the server %s is not built; make servers builds it", name)
}

// freePort returns a port of loopback that nobody listens on, at the moment.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// A server is how one is started and asked whether it is there. Both take the
// address that it listens on.
type server struct {
	name    string
	command func(addr string) *exec.Cmd
	ready   func(ctx context.Context, addr string) error
}

const (
	patience = 10 * time.Minute // with a server that comes up on a busy machine
	attempts = 5                // somebody else may take a port before the server does
)

// start runs a server until the test ends, and returns its address once it is ready.
// Its log is shown if it does not come up.
func (s server) start(t testing.TB) (addr string) {
	t.Helper()
	var err error
	for range attempts {
		addr = fmt.Sprintf("127.0.0.1:%d", freePort(t))
		p := run(t, s.command(addr))
		if err = p.await(t.Context(), func(ctx context.Context) error { return s.ready(ctx, addr) }); err == nil {
			return addr
		}
		p.stop()
		err = fmt.Errorf("%w\n%s", err, p.log.String())
	}
	t.Fatalf("the server %s did not come up: %v", s.name, err)
	return ""
}

// A process is a server that runs.
type process struct {
	cmd   *exec.Cmd
	log   lockedBuffer
	ended chan struct{} // closed when it has been reaped
}

// run starts a process and sees to it that it ends with the test.
func run(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.log, &p.log
	endWithParent(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(p.stop)
	return p
}

// stop ends the process and reaps it.
func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// await returns nil when ready does, or why the process cannot get there.
func (p *process) await(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := ready(ctx)
		select {
		case <-p.ended: // whoever answered was another
			return errors.New("it ended")
		default:
		}
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-p.ended:
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// answers is for servers without credentials that could tell them from another: the
// page at a URL is there.
func answers(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s is %s", url, resp.Status)
	}
	return nil
}

// secret returns a random name or password, so that nobody takes one server for another.
func secret() string { return rand.Text() }

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
