package cli_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/internal/servers"
	"github.com/mailhaul/mailhaul/simulator"
)

// A proxiedStore is a store that can be reached directly and through a proxy.
type proxiedStore struct {
	addr string                                               // host:port of the store itself
	at   func(addr, prefix string) (url string, env []string) // of a prefix, by way of an address
}

var proxiedStores = []struct {
	name string
	open func(t *testing.T) *proxiedStore
}{{"MinIO", proxiedS3}, {"Azurite", proxiedAzure}, {"fake-gcs-server", proxiedGCS}}

func proxiedS3(t *testing.T) *proxiedStore {
	s := servers.MinIO(t)
	bucket := s.Bucket(t)
	return &proxiedStore{s.Endpoint, func(addr, prefix string) (string, []string) {
		return s.URLAt(addr, bucket, prefix), []string{"AWS_ACCESS_KEY_ID=" + s.AccessKey, "AWS_SECRET_ACCESS_KEY=" + s.Secret}
	}}
}

func proxiedAzure(t *testing.T) *proxiedStore {
	s := servers.Azurite(t)
	container := s.Container(t)
	return &proxiedStore{s.Endpoint, func(addr, prefix string) (string, []string) {
		return s.URLAt(addr, container, prefix), []string{"AZURE_STORAGE_ACCOUNT=" + s.Account, "AZURE_STORAGE_KEY=" + s.Key}
	}}
}

func proxiedGCS(t *testing.T) *proxiedStore {
	s := servers.FakeGCS(t)
	bucket := s.Bucket(t)
	return &proxiedStore{s.Endpoint, func(addr, prefix string) (string, []string) {
		return s.URL(bucket, prefix), []string{"STORAGE_EMULATOR_HOST=http://" + addr}
	}}
}

// proxiedItems is the number of items in the mailbox.
const proxiedItems = 120

// A proxiedExport exports a simulated mailbox to a store through a proxy.
type proxiedExport struct {
	t                     *testing.T
	sim                   *simulator.Server
	graph                 string // URL
	mailbox               string
	direct, proxied       string // URLs of the repository
	directEnv, proxiedEnv []string
}

func newProxiedExport(t *testing.T, store *proxiedStore, prefix, through string) *proxiedExport {
	t.Helper()
	sim, err := simulator.New(simulator.Options{Seed: 3, Items: proxiedItems, ItemSize: 65_000})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	h := &proxiedExport{t: t, sim: sim, graph: server.URL + "/v1.0", mailbox: sim.Mailboxes()[0].ID}
	h.direct, h.directEnv = store.at(store.addr, prefix)
	h.proxied, h.proxiedEnv = store.at(through, prefix)
	return h
}

// pauseMidway stops the third export request: the channel delivers a value when the request comes,
// and takes one to continue it.
func (h *proxiedExport) pauseMidway() chan struct{} {
	c := make(chan struct{})
	h.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Skip: 2, Before: func() {
		c <- struct{}{}
		<-c
	}})
	return c
}

// start starts an export through the proxy.
func (h *proxiedExport) start(flags ...string) *command {
	h.t.Helper()
	return h.startCommand(append([]string{"export", "--graph-url", h.graph, "--mailbox", h.mailbox, "--max-in-flight", "1"}, flags...)...)
}

// startCommand starts a command on the repository through the proxy.
func (h *proxiedExport) startCommand(args ...string) *command {
	h.t.Helper()
	p := &command{t: h.t, cmd: exec.Command("mailhaul", append(args, "--json", "--repo", h.proxied)...), retries: make(chan struct{}, 1000)}
	p.cmd.Env = append(os.Environ(), h.proxiedEnv...)
	p.cmd.Stdout = &p.out
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	p.ended = make(chan struct{})
	go func() {
		defer close(p.ended)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			p.err.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), "the store failed; retrying") {
				p.retries <- struct{}{}
			}
		}
		_ = p.cmd.Wait()
	}()
	h.t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
	})
	return p
}

// run runs a command on the repository, past the proxy, and returns its output.
func (h *proxiedExport) run(command string, flags ...string) []byte {
	h.t.Helper()
	cmd := exec.Command("mailhaul", append([]string{command, "--repo", h.direct, "--json"}, flags...)...)
	cmd.Env = append(os.Environ(), h.directEnv...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		h.t.Fatalf("%s: %v\n%s%s", command, err, out, &stderr)
	}
	return out
}

// checkComplete expects an intact repository with every item.
func (h *proxiedExport) checkComplete() {
	h.t.Helper()
	h.run("verify")
	var report exportReport
	if err := json.Unmarshal(h.run("export", "--full", "--graph-url", h.graph, "--mailbox", h.mailbox), &report); err != nil {
		h.t.Fatal(err)
	}
	if report.State != "complete" || report.Exported != 0 || report.Skipped != proxiedItems {
		h.t.Errorf("a full export is not a repetition: %+v", report)
	}
}

// An exportReport is the JSON output of an export.
type exportReport struct {
	State             string
	Exported, Skipped int64
}

// A command is a mailhaul process.
type command struct {
	t       *testing.T
	cmd     *exec.Cmd
	out     bytes.Buffer
	err     strings.Builder
	retries chan struct{} // a value for each retry
	ended   chan struct{} // closed when the process has ended
}

// awaitRetries waits for n retries.
func (p *command) awaitRetries(n int) {
	p.t.Helper()
	for range n {
		select {
		case <-p.retries:
		case <-p.ended:
			p.t.Fatalf("the command ended before %d retries: %s%s", n, &p.out, p.err.String())
		}
	}
}

func (p *command) wait() (code int) {
	<-p.ended
	return p.cmd.ProcessState.ExitCode()
}

// stderr returns what the process printed on stderr, once it has ended.
func (p *command) stderr() string { return p.err.String() }

// checkSuccess expects an export to complete.
func (p *command) checkSuccess() {
	p.t.Helper()
	if code := p.wait(); code != 0 {
		p.t.Fatalf("exit code is %d: %s", code, p.stderr())
	}
	var report exportReport
	if err := json.Unmarshal(p.out.Bytes(), &report); err != nil || report.State != "complete" {
		p.t.Errorf("%v: %s", err, &p.out)
	}
}
