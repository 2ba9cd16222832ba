package replicate_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"

	"gocloud.dev/blob/memblob"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/replicate"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/simulator"
)

// exportSimulated exports a simulated mailbox of 100 items to a repository.
func exportSimulated(ctx context.Context, repo *repository.Repository) {
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
	mailbox := sim.Mailboxes()[0].ID
	job := pipeline.Job{
		Source: client.Open(mailbox), Repository: repo,
		Mailbox: manifest.Mailbox{ID: mailbox}, Graph: manifest.Graph{Version: "v1.0"},
	}
	if _, err := pipeline.Run(ctx, job, pipeline.Options{}); err != nil {
		log.Fatal(err)
	}
}

// Copy a repository to another bucket, twice: the second copy has nothing to do.
func ExampleCopy() {
	ctx := context.Background()
	var repos [2]*repository.Repository
	for i := range repos {
		repo, err := repository.Init(ctx, memblob.OpenBucket(nil))
		if err != nil {
			log.Fatal(err)
		}
		defer repo.Close()
		repos[i] = repo
	}
	exportSimulated(ctx, repos[0])
	for range 2 {
		report, err := replicate.Copy(ctx, repos[0], repos[1], replicate.Options{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("snapshots copied: %d, held already: %d, problems: %d\n",
			report.Copied.Refs.Objects, report.Skipped.Refs.Objects, report.Found)
	}
	// Output:
	// snapshots copied: 1, held already: 0, problems: 0
	// snapshots copied: 0, held already: 1, problems: 0
}
