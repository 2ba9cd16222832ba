package repository_test

import (
	"context"
	"fmt"
	"log"

	"gocloud.dev/blob/memblob"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

// A repository lives in any bucket that creates objects on condition that they do not exist.
func ExampleInit() {
	ctx := context.Background()
	repo, err := repository.Init(ctx, memblob.OpenBucket(nil))
	if err != nil {
		log.Fatal(err)
	}
	defer repo.Close() // closes the bucket too

	data := []byte("the frames of some items")
	digest := manifest.SumOf(data)
	for range 2 {
		isNew, err := repo.PutPack(ctx, digest, data)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("new:", isNew)
	}
	if err := repo.CreateRef(ctx, "MBX:alice", 1, []byte("{}\n")); err != nil {
		log.Fatal(err)
	}
	for o, err := range repo.Objects(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(o.Key)
	}
	// Output:
	// new: true
	// new: false
	// config.json
	// packs/27/2749f70503c223d18012ffc0f6d3e8ea3bfd43ce0ab1d3b913572da6a6432cf1.zst
	// refs/MBX=3Aalice/00000000000000000001.json
}
