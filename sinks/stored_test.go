package sinks_test

import (
	"crypto/sha256"
	"net/url"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/sinks"
)

// objects are those of a repository, one of each kind, by key.
type objects map[string][]byte

// fill writes a repository to a bucket with options, and reads it. It returns the objects that the
// store must hold below the prefix.
func fill(t *testing.T, place string, options map[string]string) objects {
	t.Helper()
	place, err := sinks.WithOptions(place, options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, bucket := t.Context(), open(t, place)
	repo, err := repository.Init(ctx, bucket)
	if err != nil {
		t.Fatal(err)
	}
	pack, segment, snapshot, ref := randomBytes(100_000), []byte("a segment"), []byte("a manifest"), []byte("a ref")
	dp, ds, dm := manifest.SumOf(pack), manifest.SumOf(segment), manifest.SumOf(snapshot)
	if _, err := repo.PutPack(ctx, dp, pack); err != nil {
		t.Fatal(err)
	}
	if _, err := repo.PutSegment(ctx, ds, segment); err != nil {
		t.Fatal(err)
	}
	if err := repo.PutManifest(ctx, dm, snapshot); err != nil {
		t.Fatal(err)
	}
	if err := repo.CreateRef(ctx, "MBX:a", 1, ref); err != nil {
		t.Fatal(err)
	}
	checkRanges(t, repo, dp, pack)
	config, err := bucket.ReadAll(ctx, "config.json")
	if err != nil {
		t.Fatal(err)
	}
	held := objects{"config.json": config, repository.PackKey(dp): pack, repository.SegmentKey(ds): segment, repository.ManifestKey(dm): snapshot, repository.RefKey("MBX:a", 1): ref}
	for o, err := range repo.Objects(ctx) {
		if want, ok := held[o.Key]; err != nil || !ok || o.Size != int64(len(want)) {
			t.Errorf("%s has %d bytes, %v", o.Key, o.Size, err)
		}
	}
	return held
}

// prefixed returns the objects by key, including the prefix of a URL.
func (o objects) prefixed(t *testing.T, place string) objects {
	t.Helper()
	u, err := url.Parse(place)
	if err != nil {
		t.Fatal(err)
	}
	named := objects{}
	for key, data := range o {
		named[strings.TrimPrefix(u.Path, "/")+"/"+key] = data
	}
	return named
}

func sumOf(data []byte) []byte {
	sum := sha256.Sum256(data)
	return sum[:]
}
