package sinks_test

import (
	"strings"
	"testing"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/sinks"
	"github.com/mailhaul/mailhaul/sinks/sinktest"
)

// TestSuite runs in every store what a repository needs of one.
func TestSuite(t *testing.T) {
	for name, url := range stores {
		t.Run(name, func(t *testing.T) {
			testSuite(t, sinktest.NewEnv(openApart(t, url(t))))
		})
	}
}

func testSuite(t *testing.T, env *sinktest.Env) {
	for _, c := range sinktest.Checks() {
		if err := c.Run(t.Context(), env); err != nil {
			t.Errorf("%s: %s: %v", c.Name, c.What, err)
		}
	}
	if left, err := env.Clean(t.Context()); left > 0 || err != nil {
		t.Errorf("%d objects were left: %v", left, err)
	}
}

// openApart opens a place several times, as if by several programs. What lies in memory is
// there for one.
func openApart(t *testing.T, url string) (*blob.Bucket, *blob.Bucket, *blob.Bucket) {
	t.Helper()
	first := open(t, url)
	if strings.HasPrefix(url, "mem:") {
		return first, first, first
	}
	return first, open(t, url), open(t, url)
}

// TestCleanPlace: what the suite leaves nothing of is a place for a repository.
func TestCleanPlace(t *testing.T) {
	dir := t.TempDir()
	bucket := open(t, dir)
	scratch, err := sinks.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	scratch = blob.PrefixedBucket(scratch, repository.ScratchDir)
	defer scratch.Close()
	testSuite(t, sinktest.NewEnv(scratch))
	if err := scratch.WriteAll(t.Context(), "left", []byte("behind"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := repository.Init(t.Context(), bucket); err != nil {
		t.Error(err)
	}
}
