package yardstick

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

// decoding is the stage decode, in two variants: mailhaul's decoder, and the simplest possible one.
type decoding struct {
	simple, mailhaul *stopwatch
	graph            *cannedGraph
	items            pile
}

func (s *stages) newDecoding(graphURL, mailbox string) (*decoding, error) {
	d := &decoding{simple: s.watch(stageDecode, "plain"), mailhaul: s.watch(stageDecode, "mailhaul")}
	var err error
	d.graph, err = newCannedGraph(graphURL, mailbox)
	return d, err
}

// group decodes the responses that were read, in both ways, and returns the items.
func (d *decoding) group(ctx context.Context, read *reading) (*pile, error) {
	d.items.data = slices.Grow(d.items.data, len(read.bodies.data)/4*3) // outside the clock
	var err error
	d.simple.time(func() {
		for _, body := range read.bodies.all {
			if err = d.items.decode(body); err != nil {
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	d.simple.run.Bytes += int64(len(d.items.data))
	g := d.graph
	g.items, g.bytes = 0, 0
	d.mailhaul.time(func() {
		for i, body := range read.bodies.all {
			if err = g.export(ctx, read.batches[i], body); err != nil {
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if g.bytes != int64(len(d.items.data)) || g.items != len(d.items.ends) {
		return nil, fmt.Errorf("the simple decoder found %d items of %d bytes, mailhaul's %d of %d",
			len(d.items.ends), len(d.items.data), g.items, g.bytes)
	}
	d.mailhaul.run.Bytes += g.bytes
	return &d.items, nil
}

var dataMember = []byte(`"data":"`)

// decode finds the data members of a response and appends their decoded base64. It relies on
// the simulator's spelling of responses: no JSON decoder can do less.
func (p *pile) decode(body []byte) error {
	for {
		at := bytes.Index(body, dataMember)
		if at < 0 {
			return nil
		}
		body = body[at+len(dataMember):]
		end := bytes.IndexByte(body, '"')
		if end < 0 {
			return errors.New("a response ends within a string")
		}
		var err error
		if p.data, err = base64.StdEncoding.AppendDecode(p.data, body[:end]); err != nil {
			return err
		}
		p.end()
		body = body[end:]
	}
}

// A cannedGraph is mailhaul's client of a Graph whose next response is in memory. It implements
// policy.Transporter and graph.ExportHandler, and counts what it decodes.
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

// Do answers one request with the next response.
func (g *cannedGraph) Do(req *http.Request) (*http.Response, error) {
	if g.next == nil {
		return nil, errors.New("a second request for one response")
	}
	body := bytes.NewReader(g.next)
	g.next = nil
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(body), Request: req,
	}, nil
}

// Room returns nothing: decoded bytes are not kept.
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
