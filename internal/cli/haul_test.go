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

// A farStore is a store, as those see it who are near and those who come through a proxy.
type farStore struct {
	addr string
	at   func(addr, prefix string) (url string, env []string)
}

var farStores = []struct {
	name string
	open func(t *testing.T) *farStore
}{{"MinIO", farS3}, {"Azurite", farAzure}, {"fake-gcs-server", farGCS}}

func farS3(t *testing.T) *farStore {
	s := servers.MinIO(t)
	bucket := s.Bucket(t)
	return &farStore{s.Endpoint, func(addr, prefix string) (string, []string) {
		return s.URLAt(addr, bucket, prefix), []string{"AWS_ACCESS_KEY_ID=" + s.AccessKey, "AWS_SECRET_ACCESS_KEY=" + s.Secret}
	}}
}

func farAzure(t *testing.T) *farStore {
	s := servers.Azurite(t)
	container := s.Container(t)
	return &farStore{s.Endpoint, func(addr, prefix string) (string, []string) {
		return s.URLAt(addr, container, prefix), []string{"AZURE_STORAGE_ACCOUNT=" + s.Account, "AZURE_STORAGE_KEY=" + s.Key}
	}}
}

func farGCS(t *testing.T) *farStore {
	s := servers.FakeGCS(t)
	bucket := s.Bucket(t)
	return &farStore{s.Endpoint, func(addr, prefix string) (string, []string) {
		return s.URL(bucket, prefix), []string{"STORAGE_EMULATOR_HOST=http://" + addr}
	}}
}

// hauled is how many items a mailbox has.
const hauled = 120

// A haul is a simulated mailbox that goes to a store through a proxy.
type haul struct {
	t         *testing.T
	sim       *simulator.Server
	graph     string
	near, far string // URLs
	nearEnv   []string
	farEnv    []string
	mailbox   string
}

func newHaul(t *testing.T, store *farStore, prefix, through string) *haul {
	t.Helper()
	sim, err := simulator.New(simulator.Options{Seed: 3, Items: hauled, ItemSize: 65_000})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	h := &haul{t: t, sim: sim, graph: server.URL + "/v1.0", mailbox: sim.Mailboxes()[0].ID}
	h.near, h.nearEnv = store.at(store.addr, prefix)
	h.far, h.farEnv = store.at(through, prefix)
	return h
}

// midway has the third export request wait: the channel tells that it came, and takes the
// word to go on.
func (h *haul) midway() chan struct{} {
	c := make(chan struct{})
	h.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Skip: 2, Before: func() {
		c <- struct{}{}
		<-c
	}})
	return c
}

// start starts an export through the proxy.
func (h *haul) start(flags ...string) *command {
	h.t.Helper()
	return h.startCommand(append([]string{"export", "--graph-url", h.graph, "--mailbox", h.mailbox, "--max-in-flight", "1"}, flags...)...)
}

// startCommand starts a command on the repository through the proxy.
func (h *haul) startCommand(args ...string) *command {
	h.t.Helper()
	p := &command{t: h.t, cmd: exec.Command("mailhaul", append(args, "--json", "--repo", h.far)...), retries: make(chan struct{}, 1000)}
	p.cmd.Env = append(os.Environ(), h.farEnv...)
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
			if strings.Contains(lines.Text(), "trying again") {
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

// run runs a command on the repository, as it is for who is near, and returns what it prints.
func (h *haul) run(command string, flags ...string) []byte {
	h.t.Helper()
	cmd := exec.Command("mailhaul", append([]string{command, "--repo", h.near, "--json"}, flags...)...)
	cmd.Env = append(os.Environ(), h.nearEnv...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		h.t.Fatalf("%s: %v\n%s%s", command, err, out, &said)
	}
	return out
}

// holdsAll expects a whole repository that holds every item.
func (h *haul) holdsAll() {
	h.t.Helper()
	h.run("verify")
	var report exportReport
	if err := json.Unmarshal(h.run("export", "--full", "--graph-url", h.graph, "--mailbox", h.mailbox), &report); err != nil {
		h.t.Fatal(err)
	}
	if report.State != "complete" || report.Exported != 0 || report.Skipped != hauled {
		h.t.Errorf("the next export: %+v", report)
	}
}

// An exportReport is what an export prints as JSON.
type exportReport struct {
	State             string
	Exported, Skipped int64
}

// A command is one that runs as a process.
type command struct {
	t       *testing.T
	cmd     *exec.Cmd
	out     bytes.Buffer
	err     strings.Builder
	retries chan struct{} // one for each call that is tried again
	ended   chan struct{}
}

// awaitRetries waits until the command has tried n calls again.
func (p *command) awaitRetries(n int) {
	p.t.Helper()
	for range n {
		select {
		case <-p.retries:
		case <-p.ended:
			p.t.Fatalf("it ended after %d retries: %s%s", n, &p.out, p.err.String())
		}
	}
}

func (p *command) wait() (code int) {
	<-p.ended
	return p.cmd.ProcessState.ExitCode()
}

// said returns what the process printed on stderr; it has ended.
func (p *command) said() string { return p.err.String() }

// completes expects an export to end well.
func (p *command) completes() {
	p.t.Helper()
	if code := p.wait(); code != 0 {
		p.t.Fatalf("exit code is %d: %s", code, p.said())
	}
	var report exportReport
	if err := json.Unmarshal(p.out.Bytes(), &report); err != nil || report.State != "complete" {
		p.t.Errorf("%v: %s", err, &p.out)
	}
}
