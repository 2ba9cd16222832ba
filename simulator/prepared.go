package simulator

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/mailhaul/mailhaul/simulator/internal/content"
	"github.com/mailhaul/mailhaul/simulator/internal/mailbox"
	"github.com/mailhaul/mailhaul/simulator/internal/wire"
)

// Content is what mailboxes contain.
type Content struct {
	Items int64 `json:"items"`
	Bytes int64 `json:"bytes"` // of their streams, before base64
}

// fragment is an element of an exportItems response that was made beforehand.
type fragment struct {
	version uint32
	id      string
	length  int64 // of the item's stream
	json    []byte
}

// Prepare makes the answers of exportItems for all items that the mailboxes began with and still
// have, and returns how much that is. From then on such an item costs the server a copy of its
// bytes, so that measurements show the client's speed and not the server's. Prepared answers take
// four bytes of memory for three of [Content].Bytes. Items that change later, are added later, or
// are written in another way by a fault, are made on request.
func (s *Server) Prepare(ctx context.Context) (Content, error) {
	var all Content
	for _, at := range s.tenant.mailboxes {
		if at.auxiliary != 0 {
			continue
		}
		fragments, err := prepare(ctx, s.generator, at.mailbox)
		if err != nil {
			return Content{}, err
		}
		at.mailbox.prepared.Store(&fragments)
		for i := range fragments {
			if fragments[i].json != nil {
				all.Items++
				all.Bytes += fragments[i].length
			}
		}
	}
	return all, nil
}

// prepare makes the fragments of one mailbox, on all processors.
func prepare(ctx context.Context, generator *content.Generator, m *hostedMailbox) ([]fragment, error) {
	fragments := make([]fragment, m.Items)
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			r := renderer{generator: generator}
			for number := next.Add(1) - 1; number < int64(len(fragments)); number = next.Add(1) - 1 {
				if err := ctx.Err(); err != nil {
					return fmt.Errorf("simulator: prepare mailbox %s: %w", m.ID, err)
				}
				if it, ok := m.Item(uint64(number)); ok {
					fragments[number] = r.render(&it)
				}
			}
			return nil
		})
	}
	return fragments, g.Wait()
}

// renderer makes fragments, one at a time.
type renderer struct {
	generator *content.Generator
	buf       bytes.Buffer
	base64    wire.Base64
}

// render makes the element that is an item, in memory of its exact size. It cannot fail, as it
// writes to memory.
func (r *renderer) render(it *mailbox.Item) fragment {
	f := fragment{version: it.Version, id: it.ID()}
	r.buf.Reset()
	r.buf.Write(appendKey([]byte(plainFormat.open), f.id, it))
	r.buf.WriteString("," + plainFormat.data)
	r.base64.Reset(&r.buf, false)
	data := counter{dst: &r.base64}
	_ = r.generator.Write(&data, &it.Message)
	_ = r.base64.Close()
	r.buf.WriteString(`"` + plainFormat.close)
	f.json, f.length = make([]byte, r.buf.Len()), data.n
	copy(f.json, r.buf.Bytes())
	return f
}

// preparedItem returns the fragment of this version of an item, or nil if there is none.
func (m *hostedMailbox) preparedItem(id string, it *mailbox.Item) *fragment {
	all := m.prepared.Load()
	if all == nil || it.Number >= uint64(len(*all)) {
		return nil
	}
	if f := &(*all)[it.Number]; f.json != nil && f.version == it.Version && f.id == id {
		return f
	}
	return nil
}
