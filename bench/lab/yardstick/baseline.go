// Package yardstick is what package lab compares mailhaul with. Each runs in a process of its own:
//
//   - the baseline: an exporter written in an afternoon, with encoding/json, a zstd frame and a PUT
//     for each item;
//   - the stages of an export, each alone on one core. Their sum is the floor: no pipeline of these
//     parts takes less CPU time.
package yardstick

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"
)

// A BaselineReport is the result of [Baseline].
type BaselineReport struct {
	Items  int64 `json:"items"`
	Bytes  int64 `json:"bytes"`
	Stored int64 `json:"stored"` // bytes written to the store
}

// Baseline exports a mailbox in a straightforward way: four workers each request twenty items,
// decode the response with encoding/json, compress each item at zstd's fastest level, as mailhaul
// does, and store each item as an object below storeURL. It keeps neither digests nor counts by
// item.
func Baseline(ctx context.Context, graphURL, mailbox, storeURL string) (BaselineReport, error) {
	put, err := openObjects(storeURL)
	if err != nil {
		return BaselineReport{}, err
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return BaselineReport{}, err
	}
	defer enc.Close()
	c := newClient(graphURL, mailbox)
	defer c.close()
	b := &baseline{client: c, encoder: enc, put: put}
	ids, err := c.itemIDs(ctx)
	if err != nil {
		return BaselineReport{}, err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(InFlight)
	for batch := range slices.Chunk(ids, BatchSize) {
		g.Go(func() error { return b.export(ctx, batch) })
	}
	if err := g.Wait(); err != nil {
		return BaselineReport{}, fmt.Errorf("baseline: %w", err)
	}
	return BaselineReport{b.items.Load(), b.bytes.Load(), b.stored.Load()}, nil
}

type baseline struct {
	client               *client
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

func (b *baseline) export(ctx context.Context, ids []string) error {
	body, err := b.client.export(ctx, ids)
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
