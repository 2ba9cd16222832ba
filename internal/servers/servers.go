// Package servers starts real servers for tests, on free ports of the loopback interface. Make builds
// them into .cache. A server stops when the test that started it ends. A test whose server is not
// built is skipped, or fails if MAILHAUL_TEST_SERVERS is "required".
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

// cache returns the path of a file below .cache.
func cache(elem ...string) string {
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Dir(filepath.Dir(filepath.Dir(file)))
	return filepath.Join(append([]string{root, ".cache"}, elem...)...)
}

// binary returns the path of a server built from Go.
func binary(name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return cache("bin", name)
}

// Available reports whether an S3 server is built.
func Available() bool { return exists(binary("minio")) }

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// need skips the test if a server is not built, or fails it where servers are required.
func need(t testing.TB, name, file string) {
	t.Helper()
	if exists(file) {
		return
	}
	if os.Getenv("MAILHAUL_TEST_SERVERS") == "required" {
		t.Fatalf("the server %s is required, and not built: run make servers", name)
	}
	t.Skipf("the server %s is not built: run make servers", name)
}

// freePort returns a port of the loopback interface that was free a moment ago.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// A server is a program that listens on a given address.
type server struct {
	name    string
	command func(addr string) *exec.Cmd                  // starts it
	ready   func(ctx context.Context, addr string) error // returns nil once it answers
}

const (
	startTimeout = 10 * time.Minute // generous, for busy machines
	attempts     = 5                // another process may take the port before the server does
)

// start runs a server until the test ends, and returns its address once it is ready. If it does not
// start, the test fails with its log.
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
	t.Fatalf("the server %s did not start: %v", s.name, err)
	return ""
}

// A process is a running server.
type process struct {
	cmd   *exec.Cmd
	log   lockedBuffer
	ended chan struct{} // closed when it has been reaped
}

// run starts a process and stops it when the test ends.
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

// await polls ready until it returns nil. It returns an error if the process ends first.
func (p *process) await(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := ready(ctx)
		select {
		case <-p.ended: // if something answered, it was another server
			return errors.New("the process ended")
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

// answers returns nil if a URL has a page. It suits servers without credentials, by which others can
// be recognised.
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

// secret returns a random name or password: it distinguishes a server from others on its port.
func secret() string { return rand.Text() }

// A lockedBuffer is a bytes.Buffer that is safe for concurrent use.
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
