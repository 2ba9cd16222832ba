package servers

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"sync/atomic"
	"testing"
)

// A GCS is a Google Cloud Storage server without access control.
type GCS struct {
	Endpoint string // host:port, plain HTTP
	buckets  atomic.Int64
}

// FakeGCS starts a Google Cloud Storage server, which stops when the test ends.
func FakeGCS(t testing.TB) *GCS {
	t.Helper()
	need(t, "fake-gcs-server", binary("fake-gcs-server"))
	g := &GCS{}
	g.Endpoint = server{
		name: "fake-gcs-server",
		ready: func(ctx context.Context, addr string) error {
			return answers(ctx, "http://"+addr+"/_internal/healthcheck")
		},
		command: func(addr string) *exec.Cmd {
			host, port := split(addr)
			return exec.Command(binary("fake-gcs-server"), "-backend", "memory", "-scheme", "http", "-host", host, "-port", port,
				"-public-host", addr, "-external-url", "http://"+addr)
		},
	}.start(t)
	return g
}

// Bucket creates an empty bucket and returns its name.
func (g *GCS) Bucket(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test-%d", g.buckets.Add(1))
	body := bytes.NewBufferString(fmt.Sprintf(`{"name":%q}`, name))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+g.Endpoint+"/storage/v1/b?project=test", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("create bucket %s: %s", name, resp.Status)
	}
	return name
}

// URL returns the URL of a prefix of a bucket. Setenv sets the server's address for it.
func (g *GCS) URL(bucket, prefix string) string { return fmt.Sprintf("gs://%s/%s", bucket, prefix) }

// Setenv sets the server's address in the environment until the test ends.
func (g *GCS) Setenv(t *testing.T) { g.SetenvAt(t, g.Endpoint) }

// SetenvAt is Setenv with the address of a proxy.
func (g *GCS) SetenvAt(t *testing.T, addr string) {
	t.Setenv("STORAGE_EMULATOR_HOST", "http://"+addr)
}

// split splits an address into host and port.
func split(addr string) (host, port string) {
	host, port, _ = net.SplitHostPort(addr) // freePort made the address, so it is valid
	return host, port
}
