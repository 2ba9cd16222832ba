package sinks_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/encrypt"
	"gocloud.dev/gcerrors"

	"github.com/mailhaul/mailhaul/internal/servers"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/sinks"
)

// TestStoredInS3: the servers hold objects with the options of the URL, according to a client of
// its own.
func TestStoredInS3(t *testing.T) {
	both := map[string]*servers.S3{"MinIO": servers.MinIO(t), "VersityGW": servers.VersityGW(t)}
	for _, c := range []struct {
		name    string
		options map[string]string
		header  http.Header // of each object
		tags    map[string]string
		onMinIO bool // the other server does not have it
		days    int
		takes   time.Duration // at least
	}{
		{name: "none"},
		{name: "storage class", options: map[string]string{"storage_class": "REDUCED_REDUNDANCY"}, onMinIO: true,
			header: http.Header{"X-Amz-Storage-Class": {"REDUCED_REDUNDANCY"}}},
		{name: "SSE-S3", options: map[string]string{"sse": "AES256"}, onMinIO: true,
			header: http.Header{"X-Amz-Server-Side-Encryption": {"AES256"}}},
		{name: "SSE-KMS", options: map[string]string{"sse": "aws:kms", "kms_key": servers.KMSKey}, onMinIO: true,
			header: http.Header{"X-Amz-Server-Side-Encryption": {"aws:kms"}, "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": {"arn:aws:kms:" + servers.KMSKey}}},
		{name: "governance", options: map[string]string{"lock_mode": "governance", "lock_days": "3"}, days: 3,
			header: http.Header{"X-Amz-Object-Lock-Mode": {"GOVERNANCE"}}},
		{name: "compliance and hold", options: map[string]string{"lock_mode": "compliance", "lock_days": "1", "legal_hold": "true"}, days: 1,
			header: http.Header{"X-Amz-Object-Lock-Mode": {"COMPLIANCE"}, "X-Amz-Object-Lock-Legal-Hold": {"ON"}}},
		{name: "hold", options: map[string]string{"legal_hold": "true"}, header: http.Header{"X-Amz-Object-Lock-Legal-Hold": {"ON"}}},
		{name: "tags", options: map[string]string{"tags": "team=mail,env=a b+c/d"}, tags: map[string]string{"team": "mail", "env": "a b+c/d"}},
		{name: "limit", options: map[string]string{"limit_upload": "200KiB/s"}, takes: 300 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, s := range both {
				if c.onMinIO && name != "MinIO" {
					continue
				}
				s.Setenv(t)
				bucket := s.LockBucket(t)
				place := s.URL(bucket, "mail/2026")
				begun := time.Now()
				held := fill(t, place, c.options)
				if took := time.Since(begun); took < c.takes {
					t.Errorf("%s: it took %v only", name, took)
				}
				for key, data := range held.prefixed(t, place) {
					info := checkS3(t, s, bucket, key, data, c.header, c.tags)
					until, err := time.Parse(time.RFC3339, info.Metadata.Get("X-Amz-Object-Lock-Retain-Until-Date"))
					if want := begun.AddDate(0, 0, c.days); c.days > 0 && (err != nil || until.Sub(want).Abs() > time.Hour) {
						t.Errorf("%s: %s is retained until %v, %v", name, key, until, err)
					}
				}
			}
		})
	}
}

// checkS3 checks an object and some of its headers.
func checkS3(t *testing.T, s *servers.S3, bucket, key string, data []byte, header http.Header, tags map[string]string) minio.ObjectInfo {
	t.Helper()
	o, err := s.Client.GetObject(t.Context(), bucket, key, minio.GetObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if got, err := io.ReadAll(o); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%s: %d bytes, %v", key, len(got), err)
	}
	info, err := s.Client.StatObject(t.Context(), bucket, key, minio.StatObjectOptions{Checksum: true})
	if err != nil {
		t.Fatal(err)
	}
	if want := base64.StdEncoding.EncodeToString(sumOf(data)); info.ChecksumSHA256 != want {
		t.Errorf("%s: checksum is %q, want %q", key, info.ChecksumSHA256, want)
	}
	for name, want := range header {
		if diff := cmp.Diff(want, info.Metadata[name]); diff != "" {
			t.Errorf("%s: %s: %s", key, name, diff)
		}
	}
	if got, err := s.Client.GetObjectTagging(t.Context(), bucket, key, minio.GetObjectTaggingOptions{}); tags != nil {
		if err != nil || !cmp.Equal(tags, got.ToMap()) {
			t.Errorf("%s: tags are %v, %v", key, got, err)
		}
	}
	return info
}

// TestCustomerKey: an object that is encrypted with a customer's key can be read only with that
// key, over TLS with a certificate from a file.
func TestCustomerKey(t *testing.T) {
	s := servers.MinIOTLS(t)
	s.Setenv(t)
	bucket := s.LockBucket(t)
	place := s.URL(bucket, "mail")
	held := fill(t, place, map[string]string{"sse_c_key_file": keyFile(t), "lock_mode": "governance", "lock_days": "1"})
	key, err := encrypt.NewSSEC([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range held.prefixed(t, place) {
		o, err := s.Client.GetObject(t.Context(), bucket, name, minio.GetObjectOptions{ServerSideEncryption: key})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(o); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		o.Close()
		if _, err := s.Client.StatObject(t.Context(), bucket, name, minio.StatObjectOptions{}); err == nil {
			t.Errorf("%s can be seen without the key", name)
		}
	}
	if _, err := repository.Open(t.Context(), open(t, place)); err == nil {
		t.Error("the repository was opened without the key")
	}
	t.Setenv("OTHER_KEY", strings.Repeat("o", 32))
	if _, err := repository.Open(t.Context(), open(t, place+"&sse_c_key_env=OTHER_KEY")); err == nil {
		t.Error("the repository was opened with another key")
	}
	plain := strings.Replace(place, "https://", "http://", 1)
	if _, err := sinks.Open(t.Context(), plain+"&sse_c_key_env=OTHER_KEY"); err == nil || !strings.Contains(err.Error(), "TLS") {
		t.Errorf("without TLS: %v", err)
	}
	untrusted, _, _ := strings.Cut(place, "&ca_file=")
	if _, err := repository.Open(t.Context(), open(t, untrusted)); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("without its certificate: %v", err)
	}
}

// TestIgnoredByS3: an option that a server ignores is an error at the first write.
func TestIgnoredByS3(t *testing.T) {
	s := servers.VersityGW(t)
	s.Setenv(t)
	for name, options := range map[string]map[string]string{
		"sse":           {"sse": "AES256"},
		"sse with key":  {"sse": "aws:kms", "kms_key": "k"},
		"storage_class": {"storage_class": "STANDARD_IA"},
	} {
		place, err := sinks.WithOptions(s.URL(s.Bucket(t), "mail"), options)
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ = strings.Cut(name, " ")
		_, err = repository.Init(t.Context(), open(t, place))
		if err == nil || !strings.Contains(err.Error(), "the store ignores "+name) || gcerrors.Code(err) != gcerrors.Unimplemented {
			t.Errorf("%v: %v", options, err)
		}
	}
}
