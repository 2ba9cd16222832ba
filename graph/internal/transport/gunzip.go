package transport

import (
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// gunzip decompresses the body of a response that is compressed although the request did not allow
// it.
func gunzip(resp *http.Response) {
	if strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		resp.Header.Del("Content-Encoding")
		resp.ContentLength, resp.Uncompressed = -1, true
		resp.Body = &gzipBody{ReadCloser: resp.Body}
	}
}

// A gzipBody decompresses gzip while it is read.
type gzipBody struct {
	io.ReadCloser
	gzip *gzip.Reader
}

func (b *gzipBody) Read(p []byte) (int, error) {
	if b.gzip == nil {
		z, err := gzip.NewReader(b.ReadCloser)
		if err != nil {
			return 0, err
		}
		b.gzip = z
	}
	return b.gzip.Read(p)
}
