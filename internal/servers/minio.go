package servers

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// An S3 is an S3 server.
type S3 struct {
	Endpoint          string // host:port, plain HTTP
	AccessKey, Secret string
	Client            *minio.Client // with all rights
	buckets           int
}

// MinIO starts a MinIO server, which ends with the test.
func MinIO(t testing.TB) *S3 {
	t.Helper()
	need(t, "minio")
	s := &S3{Endpoint: fmt.Sprintf("127.0.0.1:%d", freePort(t)), AccessKey: "mailhaul-test", Secret: "mailhaul-secret"}
	cmd := exec.Command(path("minio"), "server", "--quiet", "--address", s.Endpoint, "--console-address", fmt.Sprintf("127.0.0.1:%d", freePort(t)), t.TempDir())
	cmd.Env = append(os.Environ(), "MINIO_ROOT_USER="+s.AccessKey, "MINIO_ROOT_PASSWORD="+s.Secret, "MINIO_BROWSER=off", "MINIO_UPDATE=off")
	start(t, cmd, func() error {
		resp, err := http.Get("http://" + s.Endpoint + "/minio/health/live")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("health is %s", resp.Status)
		}
		return nil
	})
	s.connect(t)
	return s
}

func (s *S3) connect(t testing.TB) {
	t.Helper()
	client, err := minio.New(s.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(s.AccessKey, s.Secret, ""), Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	s.Client = client
}

// Bucket makes an empty bucket and returns its name.
func (s *S3) Bucket(t testing.TB) string {
	t.Helper()
	s.buckets++
	name := fmt.Sprintf("test-%d", s.buckets)
	if err := s.Client.MakeBucket(context.WithoutCancel(t.Context()), name, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	return name
}

// URL returns the URL of what is below a prefix of a bucket. Setenv sets the
// credentials that go with it.
func (s *S3) URL(bucket, prefix string) string {
	return fmt.Sprintf("s3://%s/%s?endpoint=http://%s&region=us-east-1&use_path_style=true", bucket, prefix, s.Endpoint)
}

// Setenv sets the environment's credentials to the server's until the test ends.
func (s *S3) Setenv(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", s.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s.Secret)
}
