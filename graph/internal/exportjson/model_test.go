package exportjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/mailhaul/mailhaul/graph/internal/exportjson"
)

// A result is what became of one response.
type result struct {
	Elements []element
	Err      error
}

type element struct {
	ID, ChangeKey string
	Data          string
	HasData       bool
	Error         *exportjson.ItemError
	Malformed     bool
}

func (r *result) refused() bool {
	for _, e := range r.Elements {
		if e.Malformed {
			return true
		}
	}
	return r.Err != nil
}

// A collector is a handler that keeps everything.
type collector struct {
	data     []byte
	inPlace  bool
	elements []element
	err      error // what Element returns
}

// Room gives every other run memory, no more than was asked for.
func (c *collector) Room(n int) []byte {
	if c.inPlace = !c.inPlace; !c.inPlace {
		return nil
	}
	return make([]byte, n)[:n:n]
}

func (c *collector) Data(p []byte) error {
	c.data = append(c.data, p...)
	for i := range p {
		p[i] = '!' // the decoder must not need it any more
	}
	return nil
}

func (c *collector) Restart() { c.data = nil }

func (c *collector) Element(e exportjson.Element) error {
	c.elements = append(c.elements, element{
		ID: e.ID, ChangeKey: e.ChangeKey, Data: string(c.data),
		HasData: e.HasData, Error: e.Error, Malformed: e.Malformed != nil,
	})
	c.data = nil
	return c.err
}

func decode(d *exportjson.Decoder, r io.Reader) result {
	var c collector
	err := d.Decode(r, &c)
	return result{c.elements, err}
}

// unmarshal is the model: encoding/json on the whole response, behind a byte order mark.
func unmarshal(response []byte) result {
	response = bytes.TrimPrefix(response, []byte("\xef\xbb\xbf"))
	var m struct{ Value modelElements }
	err := json.Unmarshal(response, &m)
	return result{m.Value, err}
}

// modelElements appends the elements of every value member.
type modelElements []element

func (m *modelElements) UnmarshalJSON(p []byte) error {
	var raw []struct {
		ItemID, ChangeKey string
		Data              modelData
		Error             *struct{ Code, Message string }
	}
	if err := json.Unmarshal(p, &raw); err != nil {
		return err
	}
	for _, e := range raw {
		next := element{ID: e.ItemID, ChangeKey: e.ChangeKey, Data: string(e.Data), HasData: e.Data != nil}
		if e.Error != nil {
			next.Error = &exportjson.ItemError{Code: e.Error.Code, Message: e.Error.Message}
		}
		*m = append(*m, next)
	}
	return nil
}

// modelData is a []byte that is no array of numbers.
type modelData []byte

func (m *modelData) UnmarshalJSON(p []byte) error {
	if bytes.HasPrefix(p, []byte("[")) {
		return errors.New("array")
	}
	return json.Unmarshal(p, (*[]byte)(m))
}

// A sizedReader gives at most so many bytes a read.
type sizedReader struct {
	r    io.Reader
	size int
}

func (r *sizedReader) Read(p []byte) (int, error) { return r.r.Read(p[:min(len(p), r.size)]) }
