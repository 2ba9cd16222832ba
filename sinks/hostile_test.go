package sinks_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/sinks"
)

// TestHostileAnswers: what a server that is no store answers with 200 is an error, and never
// a panic, a repository or an empty place.
func TestHostileAnswers(t *testing.T) {
	service := http.Header{"X-Ms-Request-Id": {"1"}}
	dated := http.Header{"X-Ms-Request-Id": {"1"}, "Last-Modified": {"Mon, 02 Jan 2006 15:04:05 GMT"}}
	for _, c := range []struct {
		name, store string
		header      http.Header
		body        string
		notFound    string // the answer about an object, if it is none of 200
	}{
		{"Azure", "azblob", nil, "<html>", ""},
		{"Azure without a date", "azblob", service, "<html>", ""},
		{"Azure with a date", "azblob", dated, "<html>", ""},
		{"Azure's list", "azblob", service, "<html>", " "},
		{"Azure's list without properties", "azblob", service, "<EnumerationResults><Blobs><Blob><Name>mail/x</Name></Blob></Blobs></EnumerationResults>", " "},
		{"S3", "s3", nil, "<html>", ""},
		{"S3's list", "s3", nil, "<html>", "<Error><Code>NoSuchKey</Code></Error>"},
		{"Google", "gs", nil, "<html>", ""},
		{"Google's list", "gs", nil, "<html>", "{}"},
		{"Google's list of nothing", "gs", nil, `{"items":[null,{}]}`, "{}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for name, values := range c.header {
					w.Header()[name] = values
				}
				q := r.URL.Query()
				if c.notFound != "" && !q.Has("comp") && !q.Has("list-type") && !strings.HasSuffix(r.URL.Path, "/o") {
					w.Header().Set("X-Ms-Error-Code", "BlobNotFound")
					w.WriteHeader(http.StatusNotFound)
					fmt.Fprint(w, c.notFound)
					return
				}
				fmt.Fprint(w, c.body)
			}))
			defer web.Close()
			host := web.Listener.Addr().String()
			azureEnv(t, "AZURE_STORAGE_ACCOUNT", "account", "AZURE_STORAGE_KEY", "a2V5")
			t.Setenv("STORAGE_EMULATOR_HOST", host)
			t.Setenv("AWS_ACCESS_KEY_ID", "key")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
			place := map[string]string{"azblob": "azblob://c/mail?protocol=http&domain=" + host, "s3": "s3://bucket/mail?endpoint=" + web.URL, "gs": "gs://b/mail"}
			if _, err := sinks.InitRepository(impatient(t), open(t, place[c.store])); err == nil {
				t.Error("there is a repository")
			}
		})
	}
}
