package graph_test

import (
	"compress/gzip"
	"net/http"
	"strings"
	"testing"
)

// A gzipWriter packs a response.
type gzipWriter struct {
	http.ResponseWriter
	z *gzip.Writer
}

func (w *gzipWriter) Write(p []byte) (int, error) { return w.z.Write(p) }

func (w *gzipWriter) FlushError() error {
	_ = w.z.Flush()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// TestPacked: an export that comes packed, though it was not asked to, may break off, or be an error, or not
// what it says.
func TestPacked(t *testing.T) {
	s := &exportServer{script: map[string][]string{"b": {cut, fine}}}
	refused := false
	m := openReached(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.Header().Set("Content-Encoding", "gzip")
			packed := &gzipWriter{w, gzip.NewWriter(w)}
			defer packed.z.Close()
			if w = packed; !refused {
				refused = true
				refuse(w, http.StatusTooManyRequests, "ApplicationThrottled", "busy")
				return
			}
		}
		s.ServeHTTP(w, r)
	})
	v := newVerdicts(t)
	if err := m.Export(t.Context(), []string{"a", "b"}, v); err != nil {
		t.Fatal(err)
	}
	v.expect([]string{"a", "b"}, nil)

	m = openReached(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.Header().Set("Content-Encoding", "gzip")
		}
		(&exportServer{}).ServeHTTP(w, r) // which is not what it says
	})
	v = newVerdicts(t)
	err := m.Export(t.Context(), []string{"a"}, v)
	if err == nil && len(v.failed) == 0 || err != nil && !strings.Contains(err.Error(), "gzip") {
		t.Errorf("what is not gzip was taken: %v", err)
	}
}
