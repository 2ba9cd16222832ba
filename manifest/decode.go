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
	maxTexts    = 1 << 16 // of a folder's path, an item's categories, a selection's patterns
)

// The elements of a list may take freeMemory bytes, and beyond that inflation times the size of the
// JSON before them. What this package writes takes less, because it writes most members even if
// they are empty.
const (
	inflation  = 6
	freeMemory = 64 << 10
)

// A decoder decodes untrusted JSON. It counts the elements of each list while it decodes them, so
// the result takes a small multiple of the memory of the JSON, whatever that contains. It is not
// safe for concurrent use.
type decoder struct{ options json.Options }

func newDecoder() decoder {
	lists := json.JoinUnmarshalers(
		listOf[Folder](maxFolders), listOf[Segment](maxSegments), listOf[Failure](maxFailures),
		listOf[Chunk](maxChunks), listOf[string](maxTexts),
	)
	// A check for duplicate names would keep the names of unknown members in memory.
	return decoder{json.JoinOptions(json.WithUnmarshalers(lists), jsontext.AllowDuplicateNames(true))}
}

func (d decoder) decode(data []byte, to any) error { return json.Unmarshal(data, to, d.options) }

// listOf decodes lists of at most limit elements. Lists are collected in one buffer, and each is
// copied at its length.
func listOf[T any](limit int) *json.Unmarshalers {
	var buf []T
	size := int64(reflect.TypeFor[T]().Size())
	element := func(dec *jsontext.Decoder) error {
		n := len(buf)
		if n == limit || int64(n)*size > freeMemory+inflation*dec.InputOffset() {
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
			return errors.ErrUnsupported // the default decodes null, and rejects anything else
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
