package restore_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"

	"gocloud.dev/blob/memblob"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/restore"
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

// Verify every byte of a repository. Any *blob.Bucket with a repository serves.
func ExampleVerify() {
	ctx := context.Background()
	repo, _ := exportSimulated(ctx)
	defer repo.Close()

	v, err := restore.Verify(ctx, repo, restore.VerifyOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range v.Problems {
		fmt.Println(p.Object, p.Error)
	}
	fmt.Printf("%d snapshot, %d items, %d problems\n", v.Snapshots, v.Items, v.Found)
	// Output:
	// 1 snapshot, 100 items, 0 problems
}

// Extract one item of a mailbox's last snapshot to a directory.
func ExampleExtract() {
	ctx := context.Background()
	repo, mailbox := exportSimulated(ctx)
	defer repo.Close()
	dir, err := os.MkdirTemp("", "items")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	s, err := snapshots.Latest(ctx, repo, mailbox)
	if err != nil {
		log.Fatal(err)
	}
	var id string
	for row, err := range s.Items(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		id = row.ID
		break
	}
	err = restore.Extract(ctx, repo, s, dir, []string{id}, func(e restore.Extracted) error {
		stream, err := os.ReadFile(filepath.Join(dir, e.Path))
		fmt.Printf("1 item, the bytes have the digest of its row: %t\n", manifest.SumOf(stream) == e.SHA256)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// 1 item, the bytes have the digest of its row: true
}
