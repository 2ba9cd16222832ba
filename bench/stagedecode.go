package bench

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/mailhaul/mailhaul/graph"
)

// decode measures two ways to get from responses to streams: mailhaul's, and one that does as little as can be.
func (b *stageBench) decode(ctx context.Context) error {
	b.items.data = slices.Grow(b.items.data, len(b.bodies.data)/4*3) // growing is no part of it
	var err error
	b.plainWatch.time(func() {
		for _, body := range b.bodies.all {
			if err = b.decodePlain(body); err != nil {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	b.plainWatch.run.Bytes += int64(len(b.items.data))
	b.graph.items = 0
	before := b.graph.bytes
	b.graphWatch.time(func() {
		for i, body := range b.bodies.all {
			if err = b.graph.export(ctx, b.batches[i], body); err != nil {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	decoded := b.graph.bytes - before
	if decoded != int64(len(b.items.data)) || b.graph.items != len(b.items.ends) {
		return fmt.Errorf("%d items of %d bytes were decoded in one way, %d of %d in the other",
			len(b.items.ends), len(b.items.data), b.graph.items, decoded)
	}
	b.graphWatch.run.Bytes += decoded
	return nil
}

var dataMember = []byte(`"data":"`)

// decodePlain finds the members that are data, and decodes their base64. It knows how the simulator spells a response: no
// decoder of JSON can do with less.
func (b *stageBench) decodePlain(body []byte) error {
	for {
		at := bytes.Index(body, dataMember)
		if at < 0 {
			return nil
		}
		body = body[at+len(dataMember):]
		end := bytes.IndexByte(body, '"')
		if end < 0 {
			return errors.New("a response ends in the middle")
		}
		var err error
		if b.items.data, err = base64.StdEncoding.AppendDecode(b.items.data, body[:end]); err != nil {
			return err
		}
		b.items.end()
		body = body[end:]
	}
}

// A cannedGraph is mailhaul's client of a Graph whose next response is in memory. It implements graph.ExportHandler, and
// counts what it is handed.
type cannedGraph struct {
	client  *graph.Client
	mailbox *graph.MailboxClient
	next    []byte
	items   int
	bytes   int64
}

func newCannedGraph(graphURL, mailbox string) (*cannedGraph, error) {
	g := &cannedGraph{}
	var err error
	if g.client, err = graph.New(graph.Options{BaseURL: graphURL, Budget: -1, Transport: g}); err != nil {
		return nil, err
	}
	g.mailbox = g.client.Open(mailbox)
	return g, nil
}

func (g *cannedGraph) export(ctx context.Context, ids []string, response []byte) error {
	g.next = response
	return g.mailbox.Export(ctx, ids, g)
}

// Do implements policy.Transporter. There is one response for each request.
func (g *cannedGraph) Do(req *http.Request) (*http.Response, error) {
	if g.next == nil {
		return nil, errors.New("a response was asked for twice")
	}
	body := bytes.NewReader(g.next)
	g.next = nil
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(body), Request: req,
	}, nil
}

// Room implements graph.ExportHandler: what is decoded is not kept.
func (g *cannedGraph) Room(int) []byte { return nil }

func (g *cannedGraph) Data(p []byte) error {
	g.bytes += int64(len(p))
	return nil
}

func (g *cannedGraph) Discard() {}

func (g *cannedGraph) Exported(string, string) error {
	g.items++
	return nil
}

func (g *cannedGraph) Failed(id string, e graph.ItemError) error {
	return fmt.Errorf("item %s: %s", id, e.Code)
}

func (g *cannedGraph) Gone(id string) error { return fmt.Errorf("item %s is gone", id) }
