package cli_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/sinks"
)

// TestAcknowledgeInterrupted: gaps of an interrupted run cannot be acknowledged.
func TestAcknowledgeInterrupted(t *testing.T) {
	sim, err := simulator.New(simulator.Options{Seed: 5, Items: 200, ItemSize: 4000})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	client, err := graph.New(graph.Options{BaseURL: server.URL + "/v1.0", Budget: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	dir := filepath.Join(t.TempDir(), "repo")
	bucket, err := sinks.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	repo, err := repository.Init(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { repo.Close() })

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	sim.Inject(simulator.Fault{Operation: simulator.OpExport, Skip: 5, Before: cancel})
	mailbox := sim.Mailboxes()[0].ID
	job := pipeline.Job{Source: client.Open(mailbox), Repository: repo, Mailbox: manifest.Mailbox{ID: mailbox}, Graph: manifest.Graph{Version: "v1.0"}}
	if _, err := pipeline.Run(ctx, job, pipeline.Options{}); !errors.Is(err, pipeline.ErrInterrupted) {
		t.Fatalf("error is %v", err)
	}
	for _, gap := range [][]string{{"--all-current"}, {"--folder", "Inbox"}} {
		cmd := exec.Command("mailhaul", append([]string{"acknowledge", "--repo", dir, "--mailbox", mailbox, "--reason", "x"}, gap...)...)
		cmd.Env = os.Environ()
		out, err := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(string(out), "did not finish") || !strings.Contains(string(out), "run mailhaul export again") {
			t.Errorf("%v: exit code is %d, %v: %s", gap, code, err, out)
		}
	}
	acks, err := repo.Acks(t.Context(), mailbox)
	if err != nil || len(acks) > 0 {
		t.Errorf("acknowledgements are %v, %v", acks, err)
	}
}
