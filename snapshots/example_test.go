package snapshots_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"

	"gocloud.dev/blob/memblob"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

// exportSimulated exports a simulated mailbox of 100 items to a repository in memory.
func exportSimulated(ctx context.Context) (repo *repository.Repository, mailbox string) {
	sim, err := simulator.New(simulator.Options{Seed: 1, Mailboxes: 1, Items: 100, MaxItemSize: 64 << 10})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(sim)
	defer server.Close()
	client, err := graph.New(graph.Options{BaseURL: server.URL + "/v1.0"})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	repo, err = repository.Init(ctx, memblob.OpenBucket(nil))
	if err != nil {
		log.Fatal(err)
	}
	mailbox = sim.Mailboxes()[0].ID
	job := pipeline.Job{
		Source: client.Open(mailbox), Repository: repo,
		Mailbox: manifest.Mailbox{ID: mailbox}, Graph: manifest.Graph{Version: "v1.0"},
	}
	if _, err := pipeline.Run(ctx, job, pipeline.Options{}); err != nil {
		log.Fatal(err)
	}
	return repo, mailbox
}

// Read the items of a mailbox's last snapshot. Any *blob.Bucket with a repository serves.
func ExampleSnapshot_Items() {
	ctx := context.Background()
	repo, mailbox := exportSimulated(ctx)
	defer repo.Close()

	s, err := snapshots.Latest(ctx, repo, mailbox)
	if err != nil {
		log.Fatal(err)
	}
	var items, bytes int64
	for row, err := range s.Items(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		items++
		bytes += row.Length
	}
	fmt.Printf("snapshot %d is %s: %d items, all bytes counted: %t\n", s.Sequence, s.State, items, bytes == s.Totals.Bytes)
	// Output:
	// snapshot 1 is complete: 100 items, all bytes counted: true
}

// Compare what a snapshot holds with the counts of Graph.
func ExampleCoverageOf() {
	ctx := context.Background()
	repo, mailbox := exportSimulated(ctx)
	defer repo.Close()

	s, err := snapshots.Latest(ctx, repo, mailbox)
	if err != nil {
		log.Fatal(err)
	}
	c := snapshots.CoverageOf(s.Snapshot)
	fmt.Printf("%d counted, %d held, %d missing, covered: %t\n", c.Counted, c.Held, c.Missing, c.Covered())
	// Output:
	// 100 counted, 100 held, 0 missing, covered: true
}
