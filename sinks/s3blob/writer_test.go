package s3blob

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/mailhaul/mailhaul/internal/servers"
)

// leastPart is the smallest part that S3 accepts, except for the last one.
const leastPart = 5 << 20

// sizes are those of objects that are stored with one PUT and in parts.
var sizes = []int{0, 1 << 20, leastPart, leastPart + 1, 2*leastPart + 7}

// eachServer runs a test on servers that share no code.
func eachServer(t *testing.T, test func(t *testing.T, s *servers.S3)) {
	for name, start := range map[string]func(testing.TB) *servers.S3{"MinIO": servers.MinIO, "VersityGW": servers.VersityGW} {
		t.Run(name, func(t *testing.T) { test(t, start(t)) })
	}
}

// openSmall opens a bucket whose parts have the smallest size.
func openSmall(t *testing.T, client *minio.Client, name string) *blob.Bucket {
	t.Helper()
	driver := newBucket(client, name, Options{}, func() {})
	driver.maxPut = leastPart
	b := blob.NewBucket(driver)
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// between starts a proxy of a server and returns a client. handle may answer a request in the
// server's place.
func between(t *testing.T, s *servers.S3, handle func(w http.ResponseWriter, r *http.Request, next http.Handler)) *minio.Client {
	t.Helper()
	next := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: s.Endpoint})
		r.Out.Host = r.In.Host // it is signed
	}}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(w, r, next) }))
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		proxy.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	client, err := minio.New(proxy.Listener.Addr().String(), &minio.Options{
		Creds: credentials.NewStaticV4(s.AccessKey, s.Secret, ""), Region: "us-east-1", BucketLookup: minio.BucketLookupPath, Transport: transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// randomBytes returns bytes that differ from those of each other call.
func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails
	return b
}

// writes are the ways to write an object.
var writes = map[string]func(ctx context.Context, b *blob.Bucket, key string, data []byte, opts blob.WriterOptions) error{
	"WriteAll": func(ctx context.Context, b *blob.Bucket, key string, data []byte, opts blob.WriterOptions) error {
		return b.WriteAll(ctx, key, data, &opts)
	},
	"Upload": func(ctx context.Context, b *blob.Bucket, key string, data []byte, opts blob.WriterOptions) error {
		opts.ContentType = "application/octet-stream"
		return b.Upload(ctx, key, bytes.NewReader(data), &opts)
	},
	"Upload of a stream": func(ctx context.Context, b *blob.Bucket, key string, data []byte, opts blob.WriterOptions) error {
		opts.ContentType = "application/octet-stream"
		return b.Upload(ctx, key, io.MultiReader(bytes.NewReader(data)), &opts)
	},
}

// TestWrite: an object of any size holds what was written, in each way.
func TestWrite(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servers.S3) {
		b := openSmall(t, s.Client, s.Bucket(t))
		for _, size := range sizes {
			for way, write := range writes {
				data := randomBytes(size)
				if err := write(t.Context(), b, way, data, blob.WriterOptions{Metadata: map[string]string{"a": "b"}}); err != nil {
					t.Errorf("%s of %d bytes: %v", way, size, err)
				}
				got, err := b.ReadAll(t.Context(), way)
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s of %d bytes: %d are there, %v", way, size, len(got), err)
				}
				if attrs, err := b.Attributes(t.Context(), way); err != nil || attrs.Metadata["a"] != "b" {
					t.Errorf("%s of %d bytes: metadata is %v, %v", way, size, attrs, err)
				}
			}
		}
	})
}

// TestUploadFromOffset: a body is stored from its current offset.
func TestUploadFromOffset(t *testing.T) {
	s := servers.MinIO(t)
	b := openSmall(t, s.Client, s.Bucket(t))
	r := strings.NewReader("read and stored")
	if _, err := r.Seek(9, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if err := b.Upload(t.Context(), "k", r, &blob.WriterOptions{ContentType: "text/plain"}); err != nil {
		t.Fatal(err)
	}
	if got, err := b.ReadAll(t.Context(), "k"); err != nil || string(got) != "stored" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestConcurrentCreates: of several concurrent creations of an object, one succeeds.
func TestConcurrentCreates(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servers.S3) {
		for _, size := range []int{100, leastPart + 1} {
			name := s.Bucket(t)
			b := openSmall(t, s.Client, name)
			contents := make([][]byte, 8)
			var won []int
			var mu sync.Mutex
			var wg sync.WaitGroup
			for i := range contents {
				contents[i] = randomBytes(size)
				wg.Go(func() {
					err := b.WriteAll(t.Context(), "k", contents[i], &blob.WriterOptions{IfNotExist: true})
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						won = append(won, i)
					} else if gcerrors.Code(err) != gcerrors.FailedPrecondition {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			got, err := b.ReadAll(t.Context(), "k")
			if len(won) != 1 || err != nil || !bytes.Equal(got, contents[won[0]]) {
				t.Errorf("%v of %d bytes won, %v", won, size, err)
			}
			empty(t, s, name, "k")
		}
	})
}

// empty checks that the bucket holds no parts, and only the objects with the keys.
func empty(t *testing.T, s *servers.S3, name string, keys ...string) {
	t.Helper()
	uploads, err := minio.Core{Client: s.Client}.ListMultipartUploads(t.Context(), name, "k", "", "", "", 100)
	if err != nil || len(uploads.Uploads) > 0 {
		t.Errorf("uploads %v are left, %v", uploads.Uploads, err)
	}
	for o := range s.Client.ListObjects(t.Context(), name, minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil || !slices.Contains(keys, o.Key) {
			t.Errorf("%s is left, %v", o.Key, o.Err)
		}
	}
}

// TestDamaged: content that changes on its way is not stored, and the error is retryable.
func TestDamaged(t *testing.T) {
	s := servers.MinIO(t)
	for _, size := range []int{1 << 20, leastPart + 1<<20} {
		name := s.Bucket(t)
		var damaged atomic.Int64
		b := openSmall(t, between(t, s, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if body, err := io.ReadAll(r.Body); err != nil {
				return
			} else if r.Body = io.NopCloser(bytes.NewReader(body)); r.Method == http.MethodPut && len(body) > 0 {
				body[len(body)/2] ^= 1
				damaged.Add(1)
			}
			next.ServeHTTP(w, r)
		}), name)
		for way, write := range writes {
			if err := write(t.Context(), b, "k", randomBytes(size), blob.WriterOptions{}); gcerrors.Code(err) != gcerrors.Internal {
				t.Errorf("%s of %d bytes: %v", way, size, err)
			}
		}
		if damaged.Load() == 0 {
			t.Error("nothing was damaged")
		}
		empty(t, s, name)
	}
}

// TestRepeated: a request that the store could not handle is repeated with its whole body.
func TestRepeated(t *testing.T) {
	s := servers.MinIO(t)
	for _, size := range []int{1 << 20, leastPart + 1<<20} {
		for way, write := range writes {
			var puts atomic.Int64
			b := openSmall(t, between(t, s, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if r.Method == http.MethodPut && puts.Add(1) == 1 {
					_, _ = io.Copy(io.Discard, r.Body)
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				next.ServeHTTP(w, r)
			}), s.Bucket(t))
			data := randomBytes(size)
			if err := write(t.Context(), b, "k", data, blob.WriterOptions{IfNotExist: true}); err != nil {
				t.Errorf("%s of %d bytes: %v", way, size, err)
			}
			if got, err := b.ReadAll(t.Context(), "k"); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s of %d bytes: %d are there, %v", way, size, len(got), err)
			}
			if want := int64(2 + size/leastPart); puts.Load() != want {
				t.Errorf("%s of %d bytes: %d PUTs, want %d", way, size, puts.Load(), want)
			}
		}
	}
}

// TestCancelled: a cancelled write leaves neither an object nor parts.
func TestCancelled(t *testing.T) {
	s := servers.MinIO(t)
	for _, c := range []struct {
		name string
		size int
		at   func(r *http.Request) bool // nil: before Close
	}{
		{"one PUT before it is closed", 1 << 20, nil},
		{"one PUT", 1 << 20, func(r *http.Request) bool { return r.Method == http.MethodPut }},
		{"parts before they are closed", 2*leastPart + 1, nil},
		{"first part", 2*leastPart + 1, func(r *http.Request) bool { return r.URL.Query().Get("partNumber") == "1" }},
		{"last part", 2*leastPart + 1, func(r *http.Request) bool { return r.URL.Query().Get("partNumber") == "3" }},
		{"completion", 2*leastPart + 1, func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploadId") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			name := s.Bucket(t)
			b := openSmall(t, between(t, s, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if c.at != nil && c.at(r) {
					cancel()
					_, _ = io.Copy(io.Discard, r.Body) // until the client hangs up
					return
				}
				next.ServeHTTP(w, r)
			}), name)
			w, err := b.NewWriter(ctx, "k", nil)
			if err != nil {
				t.Fatal(err)
			}
			_, writeErr := w.Write(randomBytes(c.size))
			if c.at == nil {
				cancel()
			}
			closeErr := w.Close()
			if gcerrors.Code(closeErr) != gcerrors.Canceled {
				t.Errorf("errors are %v, %v", writeErr, closeErr)
			}
			empty(t, s, name)
		})
	}
}

// TestUnreadable: nothing is stored of a body that cannot be read to its end.
func TestUnreadable(t *testing.T) {
	s := servers.MinIO(t)
	name := s.Bucket(t)
	b := openSmall(t, s.Client, name)
	broken := errors.New("it broke")
	for _, size := range []int{100, leastPart + 1} {
		r := io.MultiReader(bytes.NewReader(randomBytes(size)), iotest.ErrReader(broken))
		if err := b.Upload(t.Context(), "k", r, &blob.WriterOptions{ContentType: "text/plain"}); !errors.Is(err, broken) {
			t.Errorf("%d bytes: error is %v", size, err)
		}
	}
	empty(t, s, name)
}
