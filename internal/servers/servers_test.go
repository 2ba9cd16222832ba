package servers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/minio/minio-go/v7"
	"go.uber.org/goleak"

	"github.com/mailhaul/mailhaul/internal/servers"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) { http.DefaultClient.CloseIdleConnections() }))
}

// TestStart starts each server and creates a bucket in it.
func TestStart(t *testing.T) {
	for name, start := range map[string]func(*testing.T) string{
		"MinIO":           func(t *testing.T) string { return servers.MinIO(t).Bucket(t) },
		"MinIO with TLS":  func(t *testing.T) string { return servers.MinIOTLS(t).Bucket(t) },
		"VersityGW":       func(t *testing.T) string { return servers.VersityGW(t).Bucket(t) },
		"Azurite":         func(t *testing.T) string { return servers.Azurite(t).Container(t) },
		"fake-gcs-server": func(t *testing.T) string { return servers.FakeGCS(t).Bucket(t) },
	} {
		t.Run(name, func(t *testing.T) {
			if bucket := start(t); bucket != "test-1" {
				t.Errorf("bucket is %q", bucket)
			}
		})
	}
}

// TestRestricted expects credentials for a policy.
func TestRestricted(t *testing.T) {
	s := servers.MinIO(t)
	bucket := s.Bucket(t)
	access, secret, token := s.Restricted(t, fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::%s"]}]}`, bucket))
	if access == "" || secret == "" || token == "" {
		t.Errorf("%q, %q, %q", access, secret, token)
	}
	if _, err := s.Client.StatObject(t.Context(), bucket, "x", minio.StatObjectOptions{}); minio.ToErrorResponse(err).Code != "NoSuchKey" {
		t.Error(err)
	}
}

// TestProxy sends a request through a proxy that is up, down, up with resets, and healed.
func TestProxy(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "here") }))
	defer web.Close()
	p := servers.StartToxiproxy(t).Proxy(t, "web", web.Listener.Addr().String())
	get := func() error {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		resp, err := client.Get("http://" + p.Addr)
		if err == nil {
			err = resp.Body.Close()
		}
		return err
	}
	if err := get(); err != nil {
		t.Error(err)
	}
	p.Down(t)
	if err := get(); err == nil {
		t.Error("the proxy is down and answers")
	}
	p.Up(t)
	p.Toxic(t, "reset_peer", false, map[string]any{"timeout": 0})
	if err := get(); err == nil {
		t.Error("the proxy resets connections and answers")
	}
	p.Heal(t, "reset_peer")
	if err := get(); err != nil {
		t.Error(err)
	}
}
