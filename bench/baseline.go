package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"
)

// A Haul is what a baseline run did.
type Haul struct {
	Items  int64 `json:"items"`
	Bytes  int64 `json:"bytes"`
	Stored int64 `json:"stored"` // bytes
}

// Baseline hauls a mailbox as is written in an afternoon: four workers, each of which asks for twenty items, decodes the
// response with encoding/json, compresses each item at zstd's fastest level, as mailhaul does, and puts it into an object
// of its own below the URL. It keeps neither digests nor an account of what it stored.
func Baseline(ctx context.Context, graphURL, mailbox, storeURL string) (Haul, error) {
	store, err := openObjects(storeURL)
	if err != nil {
		return Haul{}, err
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return Haul{}, err
	}
	defer enc.Close()
	m := openPlain(graphURL, mailbox)
	defer m.close()
	b := &baseline{mailbox: m, encoder: enc, put: store}
	ids, err := m.items(ctx)
	if err != nil {
		return Haul{}, err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(inFlight)
	for batch := range slices.Chunk(ids, batchSize) {
		g.Go(func() error { return b.batch(ctx, batch) })
	}
	if err := g.Wait(); err != nil {
		return Haul{}, fmt.Errorf("baseline: %w", err)
	}
	return Haul{b.items.Load(), b.bytes.Load(), b.stored.Load()}, nil
}

type baseline struct {
	mailbox              *plainMailbox
	encoder              *zstd.Encoder
	put                  putObject
	items, bytes, stored atomic.Int64
}

// exportedItems is a response of exportItems.
type exportedItems struct {
	Value []struct {
		ItemID string
		Data   []byte
	}
}

func (b *baseline) batch(ctx context.Context, ids []string) error {
	body, err := b.mailbox.export(ctx, ids)
	if err != nil {
		return err
	}
	defer body.Close()
	var response exportedItems
	if err := json.NewDecoder(body).Decode(&response); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	for _, item := range response.Value {
		compressed := b.encoder.EncodeAll(item.Data, nil)
		if err := b.put(ctx, item.ItemID, compressed); err != nil {
			return fmt.Errorf("store item %s: %w", item.ItemID, err)
		}
		b.items.Add(1)
		b.bytes.Add(int64(len(item.Data)))
		b.stored.Add(int64(len(compressed)))
	}
	return nil
}
