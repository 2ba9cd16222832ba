package nowhere_test

import (
	"bytes"
	"testing"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/bench/nowhere"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

// TestBucket stores packs, which exist and cannot be read, and segments, which can.
func TestBucket(t *testing.T) {
	for _, prefix := range []string{"", "doctor/bench-1/"} {
		repo, err := repository.Init(t.Context(), blob.PrefixedBucket(nowhere.Open(), prefix))
		if err != nil {
			t.Fatal(err)
		}
		defer repo.Close()
		data := []byte("not really a pack")
		d := manifest.SumOf(data)
		for _, want := range []bool{true, false} {
			if isNew, err := repo.PutPack(t.Context(), d, data); err != nil || isNew != want {
				t.Errorf("a pack is new: %v, %v; want %v", isNew, err, want)
			}
			if isNew, err := repo.PutSegment(t.Context(), d, data); err != nil || isNew != want {
				t.Errorf("a segment is new: %v, %v; want %v", isNew, err, want)
			}
		}
		if got, err := repo.ReadSegment(t.Context(), d, int64(len(data))); err != nil || !bytes.Equal(got, data) {
			t.Errorf("the segment is %q, %v", got, err)
		}
		if _, err := repo.ReadPack(t.Context(), d); err == nil {
			t.Errorf("no error of reading a pack below %q", prefix)
		}
	}
}
