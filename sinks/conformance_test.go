package sinks_test

import (
	"slices"
	"strings"
	"testing"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/doctor"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/sinks"
)

// TestConformance runs the doctor's checks in every store.
func TestConformance(t *testing.T) {
	for name, url := range stores {
		t.Run(name, func(t *testing.T) {
			clients := openClients(t, url(t))
			checkConformance(t, clients[0], clients[1:]...)
		})
	}
}

func checkConformance(t *testing.T, bucket *blob.Bucket, others ...*blob.Bucket) {
	t.Helper()
	unknown := []string{"clock", "protection"} // not every store reports them
	for r := range doctor.Store(t.Context(), bucket, doctor.StoreOptions{Others: others}) {
		if r.Status != doctor.OK && !(r.Status == doctor.Skipped && slices.Contains(unknown, r.Check)) {
			t.Errorf("%s (%s): %s: %s", r.Check, r.Proves, r.Status, r.Seen)
		}
	}
	if o, err := bucket.List(nil).Next(t.Context()); err == nil {
		t.Errorf("%s remains", o.Key)
	}
}

// openClients opens a place several times, as programs do that share a store. A store in memory
// has one client.
func openClients(t *testing.T, url string) []*blob.Bucket {
	t.Helper()
	first := open(t, url)
	if strings.HasPrefix(url, "mem:") {
		return []*blob.Bucket{first}
	}
	return []*blob.Bucket{first, open(t, url), open(t, url)}
}

// TestScratchInNewRepository: what the doctor's checks leave does not prevent a new repository.
func TestScratchInNewRepository(t *testing.T) {
	dir := t.TempDir()
	bucket := open(t, dir)
	checkConformance(t, bucket)
	scratch, err := sinks.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	scratch = blob.PrefixedBucket(scratch, repository.ScratchDir)
	defer scratch.Close()
	if err := scratch.WriteAll(t.Context(), "left", []byte("behind"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := repository.Init(t.Context(), bucket); err != nil {
		t.Error(err)
	}
}
