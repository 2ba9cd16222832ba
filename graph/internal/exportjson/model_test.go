package exportjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"github.com/mailhaul/mailhaul/graph/internal/exportjson"
)

// A result is what was read of one response.
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

// refused reports whether the response is not what encoding/json accepts.
func (r *result) refused() bool {
	isMalformed := func(e element) bool { return e.Malformed }
	return r.Err != nil || slices.ContainsFunc(r.Elements, isMalformed)
}

// readAll reads a response, its data into buffers of alternating lengths.
func readAll(r *exportjson.Reader, src io.Reader) (got result) {
	r.Reset(src)
	for n := 0; ; n++ {
		e, err := r.Next()
		if err == io.EOF {
			return got
		}
		var data []byte
		if err == nil {
			data, err = readData(r, n)
		}
		if err != nil {
			got.Err = err
			return got
		}
		got.Elements = append(got.Elements, element{
			ID: e.ID, ChangeKey: e.ChangeKey, Data: string(data),
			HasData: e.HasData, Error: e.Error, Malformed: e.Malformed != nil,
		})
	}
}

// readData returns an element's data.
func readData(r *exportjson.Reader, turn int) (data []byte, err error) {
	lengths := []int{exportjson.ReadSize, 100, 1, 13}
	for {
		buf := make([]byte, lengths[turn%len(lengths)])
		turn++
		n, err := r.Read(buf)
		data = append(data, buf[:n]...)
		for i := range buf[:n] {
			buf[i] = '!' // the reader must not need it any more
		}
		switch err {
		case nil:
		case io.EOF:
			return data, nil
		case exportjson.ErrReplaced:
			data = nil
		default:
			return nil, err
		}
	}
}

// unmarshal is the model: encoding/json on the response without its byte order mark.
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

// modelData is a []byte that does not accept an array of numbers.
type modelData []byte

func (m *modelData) UnmarshalJSON(p []byte) error {
	if bytes.HasPrefix(p, []byte("[")) {
		return errors.New("array")
	}
	return json.Unmarshal(p, (*[]byte)(m))
}

// A sizedReader returns at most size bytes per Read.
type sizedReader struct {
	r    io.Reader
	size int
}

func (r *sizedReader) Read(p []byte) (int, error) { return r.r.Read(p[:min(len(p), r.size)]) }
