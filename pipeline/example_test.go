package pipeline_test

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
)

// Export a mailbox into a bucket. Here the simulator stands in for Graph, and the bucket is in
// memory; any *blob.Bucket will do.
func Example() {
	ctx := context.Background()
	sim, err := simulator.New(simulator.Options{Seed: 1, Mailboxes: 1, Items: 100})
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

	repo, err := repository.Init(ctx, memblob.OpenBucket(nil))
	if err != nil {
		log.Fatal(err)
	}
	defer repo.Close()

	mailbox := manifest.Mailbox{ID: sim.Mailboxes()[0].ID}
	job := pipeline.Job{
		Source: client.Open(mailbox.ID), Repository: repo, Mailbox: mailbox, Graph: manifest.Graph{Version: "v1.0"},
	}
	for range 2 {
		report, err := pipeline.Run(ctx, job, pipeline.Options{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("snapshot %d is %s: %d exported, %d skipped, %d failed\n",
			report.Snapshot, report.State, report.Exported, report.Skipped, report.Failed)
	}
	// Output:
	// snapshot 1 is complete: 100 exported, 0 skipped, 0 failed
	// snapshot 2 is complete: 0 exported, 100 skipped, 0 failed
}
