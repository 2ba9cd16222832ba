package s3blob

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/minio/minio-go/v7"
	"go.uber.org/goleak"
	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/blob/drivertest"

	"github.com/mailhaul/mailhaul/internal/servers"
	"github.com/mailhaul/mailhaul/repository/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A harness makes buckets for Go CDK's conformance tests.
type harness struct {
	server *servers.S3
	name   string
}

func (h *harness) MakeDriver(context.Context) (driver.Bucket, error) { return h.bucket(h.name), nil }

func (h *harness) MakeDriverForNonexistentBucket(context.Context) (driver.Bucket, error) {
	return h.bucket("not-there"), nil
}

func (h *harness) bucket(name string) *bucket {
	return newBucket(h.server.Client, name, Options{}, func() {})
}

func (h *harness) HTTPClient() *http.Client         { return &http.Client{} }
func (h *harness) SupportsCopy() bool               { return true }
func (h *harness) SupportsNonSlashDelimiters() bool { return false }
func (h *harness) Close()                           { http.DefaultClient.CloseIdleConnections() }

// TestConformance runs Go CDK's suite for drivers on two servers that share no code.
func TestConformance(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *servers.S3{"MinIO": servers.MinIO, "VersityGW": servers.VersityGW} {
		t.Run(name, func(t *testing.T) {
			server := start(t)
			drivertest.RunConformanceTests(t, func(_ context.Context, t *testing.T) (drivertest.Harness, error) {
				return &harness{server, server.Bucket(t)}, nil
			}, []drivertest.AsTest{asTest{}})
		})
	}
}

// An asTest checks the results of As functions.
type asTest struct{}

func (asTest) Name() string { return "minio-go" }

func (asTest) BucketCheck(b *blob.Bucket) error {
	var client *minio.Client
	return gave(b.As(&client) && client != nil, "bucket")
}

func (asTest) ErrorCheck(b *blob.Bucket, err error) error {
	var e minio.ErrorResponse
	return gave(b.ErrorAs(err, &e) && e.Code != "", "error")
}

func (asTest) BeforeRead(as func(any) bool) error {
	var opts *minio.GetObjectOptions
	return gave(as(&opts) && opts != nil, "read")
}

func (asTest) BeforeWrite(as func(any) bool) error {
	var upload *store.Upload
	var opts *minio.PutObjectOptions
	return gave(as(&upload) && upload != nil && as(&opts) && opts != nil, "write")
}

func (asTest) BeforeCopy(as func(any) bool) error {
	var opts *minio.CopyDestOptions
	return gave(as(&opts) && opts != nil, "copy")
}

func (asTest) BeforeDelete(as func(any) bool) error {
	var opts *minio.RemoveObjectOptions
	return gave(as(&opts) && opts != nil, "delete")
}

func (asTest) BeforeList(as func(any) bool) error { return gave(!as(new(int)), "list") }
func (asTest) BeforeSign(as func(any) bool) error { return gave(!as(new(int)), "sign") }

func (asTest) AttributesCheck(attrs *blob.Attributes) error {
	var info minio.ObjectInfo
	return gave(attrs.As(&info) && info.Key != "", "attributes")
}

func (asTest) ReaderCheck(r *blob.Reader) error {
	var info minio.ObjectInfo
	return gave(r.As(&info) && info.Key != "", "reader")
}

func (asTest) ListObjectCheck(o *blob.ListObject) error {
	var info minio.ObjectInfo
	return gave(o.IsDir || o.As(&info) && info.Key != "", "object")
}

func gave(ok bool, what string) error {
	if ok {
		return nil
	}
	return errors.New(fmt.Sprint("As failed for ", what))
}
