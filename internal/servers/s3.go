package servers

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// An S3 is an S3 server.
type S3 struct {
	Endpoint          string // host:port
	CAFile            string // path of its certificate; empty without TLS
	AccessKey, Secret string
	Client            *minio.Client // with all rights
	buckets           atomic.Int64
}

// connect creates a client of the server at an address. A request is sent up to attempts times; 0 is
// the client's default.
func (s *S3) connect(addr string, attempts int) error {
	opts := &minio.Options{Creds: credentials.NewStaticV4(s.AccessKey, s.Secret, ""), Region: "us-east-1", MaxRetries: attempts}
	if s.CAFile != "" {
		pem, err := os.ReadFile(s.CAFile)
		if err != nil {
			return err
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		opts.Secure = true
		opts.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableCompression: true}
	}
	client, err := minio.New(addr, opts)
	s.Endpoint, s.Client = addr, client
	return err
}

// ready makes a request that only this server's own credentials allow, in case another server has
// the port.
func (s *S3) ready(ctx context.Context, addr string) error {
	if err := s.connect(addr, 1); err != nil {
		return err
	}
	if _, err := s.Client.ListBuckets(ctx); err != nil {
		return err
	}
	return s.connect(addr, 0)
}

// Bucket creates an empty bucket and returns its name.
func (s *S3) Bucket(t testing.TB) string { return s.createBucket(t, minio.MakeBucketOptions{}) }

// LockBucket creates an empty bucket with Object Lock, and returns its name.
func (s *S3) LockBucket(t testing.TB) string {
	return s.createBucket(t, minio.MakeBucketOptions{ObjectLocking: true})
}

func (s *S3) createBucket(t testing.TB, opts minio.MakeBucketOptions) string {
	t.Helper()
	name := fmt.Sprintf("test-%d", s.buckets.Add(1))
	if err := s.Client.MakeBucket(context.WithoutCancel(t.Context()), name, opts); err != nil {
		t.Fatal(err)
	}
	return name
}

// URL returns the URL of a prefix of a bucket. Setenv sets the credentials for it.
func (s *S3) URL(bucket, prefix string) string { return s.URLAt(s.Endpoint, bucket, prefix) }

// URLAt is URL with the address of a proxy.
func (s *S3) URLAt(addr, bucket, prefix string) string {
	scheme, ca := "http", ""
	if s.CAFile != "" {
		scheme, ca = "https", "&ca_file="+url.QueryEscape(s.CAFile)
	}
	return fmt.Sprintf("s3://%s/%s?endpoint=%s://%s&region=us-east-1&use_path_style=true%s", bucket, prefix, scheme, addr, ca)
}

// Setenv sets the environment's credentials to the server's until the test ends.
func (s *S3) Setenv(t *testing.T) { Setenv(t, s.AccessKey, s.Secret, "") }

// Setenv sets S3 credentials, and clears all other settings of S3 in the environment, until the test
// ends.
func Setenv(t *testing.T, accessKey, secret, token string) {
	for _, name := range []string{
		"AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION", "MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD",
		"MINIO_ACCESS_KEY", "MINIO_SECRET_KEY", "AWS_ACCESS_KEY", "AWS_SECRET_KEY",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_ACCESS_KEY_ID", accessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	t.Setenv("AWS_SESSION_TOKEN", token)
}

// Restricted returns credentials with exactly the rights of an S3 policy. The server must be MinIO.
func (s *S3) Restricted(t testing.TB, policy string) (accessKey, secret, token string) {
	t.Helper()
	scheme := "http"
	if s.CAFile != "" {
		scheme = "https"
	}
	c, err := credentials.NewSTSAssumeRole(fmt.Sprintf("%s://%s", scheme, s.Endpoint), credentials.STSAssumeRoleOptions{
		AccessKey: s.AccessKey, SecretKey: s.Secret, Policy: policy, DurationSeconds: 3600, Location: "us-east-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	v, err := c.GetWithContext(s.Client.CredContext())
	for started := time.Now(); err != nil && time.Since(started) < startTimeout; {
		time.Sleep(20 * time.Millisecond) // the server answers before it has loaded its policies
		v, err = c.GetWithContext(s.Client.CredContext())
	}
	if err != nil {
		t.Fatal(err)
	}
	return v.AccessKeyID, v.SecretAccessKey, v.SessionToken
}
