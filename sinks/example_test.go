package sinks_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/sinks"
)

// Open a repository by its URL, as the command line does.
func ExampleOpen() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "mail")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	bucket, err := sinks.Open(ctx, dir) // or s3://bucket/prefix, azblob://…, gs://…
	if err != nil {
		log.Fatal(err)
	}
	repo, err := repository.Init(ctx, bucket)
	if err != nil {
		log.Fatal(err)
	}
	defer repo.Close()
	mailboxes, err := repo.Mailboxes(ctx)
	fmt.Println(len(mailboxes), "mailboxes,", err)
	// Output: 0 mailboxes, <nil>
}
