package simulator

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Content is what mailboxes hold.
type Content struct {
	Items int64 `json:"items"`
	Bytes int64 `json:"bytes"` // of their streams, as they are before base64
}

// fragment is an element of an exportItems response that was made beforehand.
type fragment struct {
	version uint32
	id      string
	length  int64 // of the item's stream
	json    []byte
}

// Prepare makes what exportItems answers for each item of the seed that is there, and tells how much that is. From then on
// such an item costs the server a copy of its bytes, so that a client's speed can be measured and not the server's.
// What is made takes four bytes of memory for three of [Content].Bytes. Items that change later, that come later, or that a
// fault spells in another way are made when they are asked for.
func (s *Server) Prepare(ctx context.Context) (Content, error) {
	var all Content
	for _, at := range s.mailboxes {
		if at.auxiliary != 0 {
			continue
		}
		made, err := s.prepare(ctx, at.box)
		if err != nil {
			return Content{}, err
		}
		all.Items, all.Bytes = all.Items+made.Items, all.Bytes+made.Bytes
	}
	return all, nil
}

// prepare makes the fragments of one mailbox, on all processors.
func (s *Server) prepare(ctx context.Context, m *mailbox) (Content, error) {
	fragments := make([]fragment, m.count)
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			r := renderer{server: s}
			for number := next.Add(1) - 1; number < int64(len(fragments)); number = next.Add(1) - 1 {
				if err := ctx.Err(); err != nil {
					return fmt.Errorf("simulator: prepare mailbox %s: %w", m.id, err)
				}
				if it, ok := s.item(m, uint64(number)); ok {
					fragments[number] = r.render(&it)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return Content{}, err
	}
	m.prepared.Store(&fragments)
	return contentOf(fragments), nil
}

func contentOf(fragments []fragment) Content {
	var c Content
	for i := range fragments {
		if fragments[i].json != nil {
			c.Items++
			c.Bytes += fragments[i].length
		}
	}
	return c
}

// renderer makes fragments, one after the other.
type renderer struct {
	server *Server
	buf    bytes.Buffer
	base64 encoder
}

// render makes the element that is an item, in memory of its exact size. Nothing can go wrong: it writes to memory.
func (r *renderer) render(it *item) fragment {
	f := fragment{version: it.version, id: r.server.itemID(*it)}
	r.buf.Reset()
	r.buf.Write(appendKey([]byte(plainSpelling.open), f.id, it))
	r.buf.WriteString("," + plainSpelling.data)
	r.base64.dst, r.base64.kept = &r.buf, 0
	data := counter{dst: &r.base64}
	_ = r.server.compose(&data, *it)
	_ = r.base64.end()
	r.buf.WriteString(`"` + plainSpelling.close)
	f.json, f.length = make([]byte, r.buf.Len()), data.n
	copy(f.json, r.buf.Bytes())
	return f
}

// fragment returns what Prepare made of an item, nil if that is not what the request is for.
func (c *call) fragment(id string, it *item) *fragment {
	all := c.box.prepared.Load()
	if all == nil || it.number >= uint64(len(*all)) || c.effect.odd() {
		return nil
	}
	if f := &(*all)[it.number]; f.json != nil && f.version == it.version && f.id == id {
		return f
	}
	return nil
}
