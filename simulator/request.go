package simulator

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/mailhaul/mailhaul/simulator/internal/odata"
)

const (
	// maxBody bounds a request's body, unpacked, in bytes.
	maxBody = 1 << 20

	// maxExport bounds the ids of one exportItems.
	maxExport = 20
)

// read reads the query options or the body that the operation takes.
func (c *call) read() (err error) {
	if c.op == OpToken && c.method == http.MethodPost {
		c.form, err = readForm(c.answer.w, c.r)
		return err
	}
	schema := schemas[c.op]
	c.query, err = odata.ParseQuery(&schema, c.r.URL.RawQuery, c.r.Header, c.server.opts.MaxPageSize)
	if err == nil && c.op == OpExport {
		c.ids, err = readIDs(c.answer.w, c.r)
	}
	return err
}

func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	text, err := readBody(w, r)
	if err != nil {
		return nil, bodyError(err)
	}
	form, err := url.ParseQuery(string(text))
	if err != nil {
		return nil, bodyError(err)
	}
	return form, nil
}

// readIDs reads the ids of items to export.
func readIDs(w http.ResponseWriter, r *http.Request) ([]string, error) {
	text, err := readBody(w, r)
	if err != nil {
		return nil, bodyError(err)
	}
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(kind), "application/json") {
		return nil, bodyError(errors.New("no JSON"))
	}
	var request struct {
		ItemIDs []string `json:"itemIds"` // in any case
	}
	if err := json.Unmarshal(text, &request); err != nil {
		return nil, bodyError(err)
	}
	switch {
	case len(request.ItemIDs) == 0:
		return nil, odata.Errorf(http.StatusBadRequest, "ErrorInvalidParameter", "The parameter 'itemIds' is missing or empty.")
	case len(request.ItemIDs) > maxExport:
		return nil, odata.Errorf(http.StatusBadRequest, "ErrorInvalidParameter", "The number of item ids must not exceed %d.", maxExport)
	}
	return request.ItemIDs, nil
}

// readBody reads the body, which may be compressed.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	var body io.Reader = http.MaxBytesReader(w, r.Body, maxBody)
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = z
	default:
		return nil, odata.Errorf(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "Content encoding '%s' is not supported.", odata.Clip(encoding))
	}
	text, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if err == nil && len(text) > maxBody {
		err = &http.MaxBytesError{Limit: maxBody}
	}
	return text, err
}

// bodyError is the answer to a body that cannot be read.
func bodyError(err error) error {
	if refused, ok := errors.AsType[*odata.Error](err); ok {
		return refused
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return odata.Errorf(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request body is larger than %d bytes.", maxBody)
	}
	return odata.Errorf(http.StatusBadRequest, "BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set and "+
		"payload is of valid JSON format.")
}
