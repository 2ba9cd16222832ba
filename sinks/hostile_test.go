package sinks_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

// An s3 is a small store with faults.
type s3 struct {
	mu      sync.Mutex
	objects map[string][]byte
	page    bool // to every PUT
	unsized bool // answers have no Content-Length
}

func (s *s3) set(change func(*s3)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *s3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	data, there := s.objects[r.URL.Path]
	switch {
	case r.URL.Query().Has("list-type"):
		fmt.Fprint(w, "<ListBucketResult></ListBucketResult>")
	case r.Method == http.MethodPut && s.page:
		fmt.Fprint(w, "<html>We will be back</html>")
	case r.Method == http.MethodPut && there:
		w.WriteHeader(http.StatusPreconditionFailed)
		fmt.Fprint(w, "<Error><Code>PreconditionFailed</Code></Error>")
	case r.Method == http.MethodPut:
		s.objects[r.URL.Path] = body
		w.Header().Set("ETag", `"1"`)
	case !there:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<Error><Code>NoSuchKey</Code></Error>")
	default:
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		if s.unsized {
			_ = http.NewResponseController(w).Flush()
		}
		_, _ = w.Write(data)
	}
}

// s3Repository returns a repository in an s3.
func s3Repository(t *testing.T) (*s3, *repository.Repository) {
	t.Helper()
	s := &s3{objects: map[string][]byte{}}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	repo, err := repository.Init(t.Context(), open(t, "s3://bucket?endpoint="+web.URL))
	if err != nil {
		t.Fatal(err)
	}
	return s, repo
}

// TestPageForAWhile: a web page with status 200 in response to a write does not count as success.
func TestPageForAWhile(t *testing.T) {
	store, repo := s3Repository(t)
	pack := []byte("a pack")
	d := manifest.SumOf(pack)
	store.set(func(s *s3) { s.page = true })
	if _, err := repo.PutPack(firstTry(t, repo), d, pack); err == nil || !strings.Contains(err.Error(), "not an object store") {
		t.Errorf("PutPack: %v", err)
	}
	if err := repo.CreateRef(firstTry(t, repo), "MBX:a", 1, pack); err == nil {
		t.Error("a ref was created")
	}
	back := countdown(1, func() { store.set(func(s *s3) { s.page = false }) })
	repo.SetLogger(slog.New(onRecord{slog.DiscardHandler, back}))
	if isNew, err := repo.PutPack(t.Context(), d, pack); err != nil || !isNew {
		t.Errorf("PutPack, when the store is back: %t, %v", isNew, err)
	}
	if got, err := repo.ReadPack(t.Context(), d); err != nil || !bytes.Equal(got, pack) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestUnsized: an object can be read although the store does not report its size. A write that
// finds such an object fails at once, since its size cannot be checked.
func TestUnsized(t *testing.T) {
	store, repo := s3Repository(t)
	pack := bytes.Repeat([]byte("a pack"), 1000)
	d := manifest.SumOf(pack)
	if _, err := repo.PutPack(t.Context(), d, pack); err != nil {
		t.Fatal(err)
	}
	store.set(func(s *s3) { s.unsized = true })
	if got, err := repo.ReadPack(t.Context(), d); err != nil || !bytes.Equal(got, pack) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if err := repo.CreateRef(t.Context(), "MBX:a", 1, make([]byte, 5<<10)); err != nil {
		t.Fatal(err)
	}
	if _, err := repo.ReadRef(t.Context(), "MBX:a", 1); !errors.As(err, new(*repository.CorruptError)) {
		t.Errorf("longer than a ref may be: %v", err)
	}
	if _, err := repo.PackAt(t.Context(), d); err == nil || !strings.Contains(err.Error(), "size is unknown") {
		t.Errorf("PackAt: %v", err)
	}
	if _, err := repo.PutPack(t.Context(), d, pack); err == nil || repo.Retries() > 0 {
		t.Errorf("PutPack: %v after %d retries", err, repo.Retries())
	}
}

// TestHostileAnswers: the responses with status 200 of a server that is not a store are errors.
// They never cause a panic, and never count as a repository or an empty bucket.
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
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond) // however it ends, it is an error
			defer cancel()
			if _, err := repository.Init(ctx, open(t, place[c.store])); err == nil {
				t.Error("there is a repository")
			}
		})
	}
}
