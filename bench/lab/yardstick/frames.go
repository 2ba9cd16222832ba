package yardstick

import (
	"crypto/sha256"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/manifest"
)

// digestItems is the stage digest: the SHA-256 of chunks, and of items of several chunks.
func digestItems(watch *stopwatch, items *pile) {
	watch.time(func() {
		for _, item := range items.all {
			for chunk := range chunksOf(item) {
				sha256.Sum256(chunk)
			}
			if len(item) > manifest.MaxChunkLength {
				sha256.Sum256(item)
			}
		}
	})
	watch.run.Bytes += int64(len(items.data))
}

// chunksOf cuts an item into chunks. Unlike slices.Chunk, it keeps their capacity.
func chunksOf(item []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(item) > 0 {
			n := min(len(item), manifest.MaxChunkLength)
			if !yield(item[:n]) {
				return
			}
			item = item[n:]
		}
	}
}

// framesOf combines the chunks of items into frames as the repository's format does: a frame takes
// chunks until it has its target size, and a chunk of that size is a frame of its own.
func framesOf(items *pile) []compress.Frame {
	var frames []compress.Frame
	var f compress.Frame
	flush := func() {
		if len(f.Raw) > 0 {
			frames = append(frames, f)
		}
		f = compress.Frame{}
	}
	for _, item := range items.all {
		for chunk := range chunksOf(item) {
			if len(chunk) >= compress.FrameTarget {
				flush()
			}
			f.Chunks = append(f.Chunks, compress.Chunk{SHA256: manifest.SumOf(chunk), Offset: int64(len(f.Raw)), Length: int64(len(chunk))})
			if f.Raw == nil {
				f.Raw = chunk
			} else {
				f.Raw = f.Raw[:len(f.Raw)+len(chunk)] // chunks are adjacent in the pile
			}
			if len(f.Raw) >= compress.FrameTarget || len(f.Chunks) == compress.MaxFrameChunks {
				flush()
			}
		}
	}
	flush()
	return frames
}
