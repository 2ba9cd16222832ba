package gcs_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/mailhaul/mailhaul/sinks/gcs"
)

// TestNoDelete: an account without the right to delete gets 403 when it creates an object that
// exists. That counts as store.Exists.
func TestNoDelete(t *testing.T) {
	for right, want := range map[string]gcerrors.ErrorCode{
		"storage.objects.delete": gcerrors.FailedPrecondition,
		"storage.objects.create": gcerrors.PermissionDenied,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"error":{"code":403,"message":"hauler does not have %s access to the object."}}`, right)
		}))
		t.Cleanup(server.Close)
		t.Setenv("STORAGE_EMULATOR_HOST", server.URL)
		bucket, err := gcs.Open(t.Context(), &url.URL{Scheme: "gs", Host: "mail"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { bucket.Close() })
		err = bucket.WriteAll(t.Context(), "config.json", []byte("{}"), &blob.WriterOptions{IfNotExist: true})
		if got := gcerrors.Code(err); got != want {
			t.Errorf("without %s: %v (%v), want %v", right, got, err, want)
		}
		if err := bucket.WriteAll(t.Context(), "config.json", nil, nil); gcerrors.Code(err) != gcerrors.PermissionDenied {
			t.Errorf("a replacement without %s: %v", right, err)
		}
	}
}
