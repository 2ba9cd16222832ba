package snapshots

import (
	"context"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

// A SegmentCache reads segments and keeps the stored bytes of the first ones that it read. It is
// not safe for concurrent use.
type SegmentCache struct {
	repo  *repository.Repository
	limit int64 // of the bytes in kept
	size  int64
	kept  map[manifest.Segment][]byte
}

// NewSegmentCache returns an empty cache that keeps up to limit bytes.
func NewSegmentCache(repo *repository.Repository, limit int64) *SegmentCache {
	return &SegmentCache{repo: repo, limit: limit, kept: map[manifest.Segment][]byte{}}
}

// Read returns a segment's stored bytes, which have its digest and size.
func (c *SegmentCache) Read(ctx context.Context, segment manifest.Segment) ([]byte, error) {
	if data, ok := c.kept[segment]; ok {
		return data, nil
	}
	data, err := c.repo.ReadSegment(ctx, segment.SHA256, segment.Size)
	if err == nil {
		c.keep(segment, data)
	}
	return data, err
}

func (c *SegmentCache) keep(segment manifest.Segment, data []byte) {
	if n := int64(len(data)); c.size+n <= c.limit {
		c.kept[segment] = data
		c.size += n
	}
}

// Retain drops every segment that is not listed.
func (c *SegmentCache) Retain(segments []manifest.Segment) {
	before := c.kept
	c.kept, c.size = map[manifest.Segment][]byte{}, 0
	for _, segment := range segments {
		if data, ok := before[segment]; ok {
			c.keep(segment, data)
		}
	}
}
