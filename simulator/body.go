package simulator

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const (
	// maxBody bounds a request's body, unpacked, in bytes.
	maxBody = 1 << 20

	// maxExport is how many ids one exportItems takes.
	maxExport = 20
)

// readBody reads what an operation takes beside its path.
func (c *call) readBody() (err error) {
	if c.op == OpToken && c.method == http.MethodPost {
		text, err := c.text()
		if err == nil {
			c.form, err = url.ParseQuery(string(text))
		}
		if err != nil {
			return c.badBody(err)
		}
		return nil
	}
	if c.query, err = parseQuery(c); err != nil || c.op != OpExport {
		return err
	}
	return c.readIDs()
}

// text reads the body, which may be compressed.
func (c *call) text() ([]byte, error) {
	var body io.Reader = http.MaxBytesReader(c.w, c.r.Body, maxBody)
	switch encoding := strings.ToLower(c.r.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = z
	default:
		return nil, refusal(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "Content encoding '%s' is not supported.", clip(encoding))
	}
	text, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if err == nil && len(text) > maxBody {
		err = &http.MaxBytesError{Limit: maxBody}
	}
	return text, err
}

// badBody is the answer to a body that cannot be read.
func (c *call) badBody(err error) error {
	var refused *apiError
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &tooBig):
		return refusal(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request body is larger than %d bytes.", maxBody)
	}
	return refusal(http.StatusBadRequest, "BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set and "+
		"payload is of valid JSON format.")
}

// readIDs reads the ids to export.
func (c *call) readIDs() error {
	text, err := c.text()
	if err != nil {
		return c.badBody(err)
	}
	if kind, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(kind), "application/json") {
		return c.badBody(errors.New("no JSON"))
	}
	var asked struct {
		ItemIDs *[]string `json:"itemIds"` // in any case
	}
	if err := json.Unmarshal(text, &asked); err != nil {
		return c.badBody(err)
	}
	switch {
	case asked.ItemIDs == nil || len(*asked.ItemIDs) == 0:
		return refusal(http.StatusBadRequest, "ErrorInvalidParameter", "The parameter 'itemIds' is missing or empty.")
	case len(*asked.ItemIDs) > maxExport:
		return refusal(http.StatusBadRequest, "ErrorInvalidParameter", "The number of item ids must not exceed %d.", maxExport)
	}
	c.ids = *asked.ItemIDs
	return nil
}
