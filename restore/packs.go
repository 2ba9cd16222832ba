package restore

import (
	"bytes"
	"context"
	"sort"

	"golang.org/x/sync/errgroup"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

// packReaders is the number of packs that are read and decoded at a time. Each may take
// compress.MaxPackSize of memory.
const packReaders = 2

// choosePacks marks the packs that the snapshots of the chosen mailboxes need. A verification of
// everything reads all packs. Damage that is met here is ignored: walk finds it again and reports
// it.
func (v *verifier) choosePacks(ctx context.Context) error {
	if len(v.opts.Mailboxes) == 0 || v.opts.SkipData {
		return nil
	}
	seen := map[manifest.Digest]bool{}
	return v.eachSnapshot(ctx, func(s *snapshots.Snapshot) error {
		for _, segment := range s.Segments {
			if seen[segment.SHA256] {
				continue
			}
			seen[segment.SHA256] = true
			if err := v.choosePacksOf(ctx, segment); err != nil && !isDamage(ctx, err) {
				return err
			}
		}
		return nil
	}, func(string, error) {})
}

// choosePacksOf marks the packs that a segment's rows need.
func (v *verifier) choosePacksOf(ctx context.Context, segment manifest.Segment) error {
	data, err := v.repo.ReadSegment(ctx, segment.SHA256, segment.Size)
	if err != nil {
		return err
	}
	for row, err := range segment.ReadRows(data) {
		if err != nil {
			return err
		}
		for i := range row.Chunks {
			if p := v.packs[row.Chunks[i].Pack]; p != nil {
				p.wanted = true
			}
		}
	}
	return nil
}

// readPacks reads and checks the wanted packs, a few at a time.
func (v *verifier) readPacks(ctx context.Context) error {
	if v.opts.SkipData {
		return nil
	}
	for _, p := range v.packs {
		if p.wanted {
			v.opts.Progress.Packs.Add(1)
		}
	}
	g, readCtx := errgroup.WithContext(ctx)
	g.SetLimit(packReaders)
	for digest, p := range v.packs {
		if !p.wanted || readCtx.Err() != nil {
			continue
		}
		g.Go(func() error { return v.readPack(readCtx, digest, p) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx) // the loop skips packs once the caller has cancelled
}

func (v *verifier) readPack(ctx context.Context, digest manifest.Digest, p *packState) error {
	data, err := v.repo.ReadPack(ctx, digest)
	if err == nil {
		p.chunks, err = verifyPack(data)
	}
	v.opts.Progress.PacksRead.Add(1)
	v.opts.Progress.BytesRead.Add(int64(len(data)))
	if isUnfinished(ctx, err) {
		p.missing = true
		return nil
	}
	if err != nil {
		return v.record(ctx, repository.PackKey(digest), err)
	}
	p.intact = true
	v.mu.Lock()
	defer v.mu.Unlock()
	v.result.Packs++
	v.result.Chunks += int64(len(p.chunks))
	for i := range p.chunks {
		v.result.Bytes += p.chunks[i].Length
	}
	return nil
}

func verifyPack(data []byte) ([]compress.Chunk, error) {
	r, err := compress.NewPackReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	return r.Verify()
}

// holds reports whether the pack's own list has the chunk.
func (p *packState) holds(c *manifest.Chunk) bool {
	i := sort.Search(len(p.chunks), func(i int) bool { return p.chunks[i].Offset >= c.Offset })
	return i < len(p.chunks) && p.chunks[i] == compress.Chunk{SHA256: c.SHA256, Offset: c.Offset, Length: c.Length}
}
