package s3blob

import (
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/mailhaul/mailhaul/repository/store"
)

// TestKinds: a code of S3 decides about an error, and the status about one without a known code.
func TestKinds(t *testing.T) {
	for _, c := range []struct {
		code   string
		status int
		want   store.Kind
	}{
		{"NoSuchKey", 404, store.NotFound},
		{"NoSuchBucket", 404, store.NoBucket},
		{"PreconditionFailed", 412, store.Exists},
		{"", 412, store.Exists},
		{"ConditionalRequestConflict", 409, store.Busy},
		{"", 409, store.Busy},
		{"AccessDenied", 403, store.Denied},
		{"", 403, store.NoAccess},
		{"SlowDown", 503, store.Busy},
		{"InternalError", 500, store.Unavailable},
		{"InternalError", 0, store.Unsupported}, // of the client
		{"", 502, store.Unavailable},
		{"", 405, store.Other},
	} {
		err := minio.ErrorResponse{Code: c.code, StatusCode: c.status}
		if e := describe(err); e.Kind != c.want {
			t.Errorf("%q, status %d: kind %d, want %d", c.code, c.status, e.Kind, c.want)
		}
	}
}
