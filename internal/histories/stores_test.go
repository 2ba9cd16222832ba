package histories_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/internal/histories"
	"github.com/mailhaul/mailhaul/internal/servers"
	"github.com/mailhaul/mailhaul/sinks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestS3 runs histories whose repository is on an S3 server behind a proxy that loses connections.
// The proxy chooses at random which: further histories follow until one was lost.
func TestS3(t *testing.T) {
	s3, toxiproxy := servers.MinIO(t), servers.StartToxiproxy(t)
	s3.Setenv(t)
	var retries atomic.Int64
	run := func(t *testing.T, seed uint64) {
		proxy := toxiproxy.Proxy(t, fmt.Sprint(seed), s3.Endpoint)
		retries.Add(histories.Run(t, seed, 10, &lossy{proxy: proxy, url: s3.URLAt(proxy.Addr, s3.Bucket(t), "mail")}))
	}
	seeds := histories.Seeds(t, 4)
	t.Run("histories", func(t *testing.T) {
		for _, seed := range seeds {
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
				t.Parallel()
				run(t, seed)
			})
		}
	})
	for next := slices.Max(seeds) + 1; retries.Load() == 0 && !t.Failed(); next++ {
		run(t, next)
	}
}

// TestDirectory runs histories whose repository is a directory.
func TestDirectory(t *testing.T) {
	for _, seed := range histories.Seeds(t, 4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			histories.Run(t, seed, 10, directory(t.TempDir()))
		})
	}
}

// A directory is a store that does not fail.
type directory string

func (d directory) Open(t testing.TB) *blob.Bucket              { return open(t, string(d)) }
func (directory) Break(testing.TB, func(int) int) (what string) { return "does not fail" }
func (directory) Repair(testing.TB)                             {}

// A lossy store is behind a proxy that loses some connections.
type lossy struct {
	proxy *servers.Proxy
	url   string
	kind  string // of the toxic, while there is one
}

func (l *lossy) Open(t testing.TB) *blob.Bucket { return open(t, l.url) }

func (l *lossy) Break(t testing.TB, intN func(int) int) string {
	l.kind = []string{"limit_data", "reset_peer", "timeout"}[intN(3)]
	upstream := intN(2) == 0
	attributes := map[string]any{"timeout": 1 + intN(30)} // ms
	if l.kind == "limit_data" {
		attributes = map[string]any{"bytes": intN(20_000)}
	}
	share := 0.3 + 0.1*float64(intN(3))
	l.proxy.SomeToxic(t, l.kind, upstream, share, attributes)
	return fmt.Sprintf("%s, upstream %t, share %.1f, %v", l.kind, upstream, share, attributes)
}

func (l *lossy) Repair(t testing.TB) {
	if l.kind != "" {
		l.proxy.Heal(t, l.kind)
		l.kind = ""
	}
}

func open(t testing.TB, url string) *blob.Bucket {
	t.Helper()
	bucket, err := sinks.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return bucket
}
