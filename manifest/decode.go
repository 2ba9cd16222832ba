package manifest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The greatest numbers of elements in the lists of a manifest and of a row. Exchange has fewer
// folders in a mailbox, and 300 levels of them at most.
const (
	maxFolders  = 1 << 17
	maxSegments = 1 << 16
	maxFailures = 1 << 17
	maxChunks   = 1 << 16 // an item of 256 GiB
	maxTexts    = 1 << 16 // in the path of a folder, the categories of an item, the patterns of a selection
)

// The elements of a list take at most this many times the memory of the JSON up to there, beyond
// what any list may take. What this package writes takes less: it writes most members even if
// they are empty.
const (
	inflation = 6
	anyList   = 64 << 10
)

// A decoder decodes JSON that is not trusted. It counts the elements of each list while it decodes
// them. So what it decodes takes a small multiple of the memory of the JSON itself, whatever that
// holds. It is not safe for concurrent use.
type decoder struct{ options json.Options }

func newDecoder() decoder {
	lists := json.JoinUnmarshalers(
		listOf[Folder](maxFolders), listOf[Segment](maxSegments), listOf[Failure](maxFailures),
		listOf[Chunk](maxChunks), listOf[string](maxTexts),
	)
	// To compare names, those of unknown members would be kept.
	return decoder{json.JoinOptions(json.WithUnmarshalers(lists), jsontext.AllowDuplicateNames(true))}
}

func (d decoder) decode(data []byte, to any) error { return json.Unmarshal(data, to, d.options) }

// listOf decodes lists of at most most elements. A list is collected in a buffer that grows
// once, and copied at its length.
func listOf[T any](most int) *json.Unmarshalers {
	var buf []T
	size := int64(reflect.TypeFor[T]().Size())
	element := func(dec *jsontext.Decoder) error {
		n := len(buf)
		if n == most || int64(n)*size > anyList+inflation*dec.InputOffset() {
			return fmt.Errorf("a list has more than %d elements", n)
		}
		if n == cap(buf) {
			buf = slices.Grow(buf, n+1)
		}
		buf = append(buf, *new(T))
		return json.UnmarshalDecode(dec, &buf[n])
	}
	return json.UnmarshalFromFunc(func(dec *jsontext.Decoder, list *[]T) error {
		if dec.PeekKind() != '[' {
			return errors.ErrUnsupported // null, or an error for what is no list
		}
		if _, err := dec.ReadToken(); err != nil {
			return err
		}
		buf = buf[:0]
		for dec.PeekKind() != ']' {
			if err := element(dec); err != nil {
				return err
			}
		}
		*list = append([]T{}, buf...)
		_, err := dec.ReadToken()
		return err
	})
}
