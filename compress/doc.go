// Package compress writes and reads packs: files in the zstd seekable format that hold the chunks
// of items, and a list of these chunks. It does no I/O on buckets.
//
// A pack is a sequence of independent zstd frames of concatenated chunks; then a skippable frame
// with the list of all chunks; then, in another skippable frame, the seek table. `zstd -d` writes
// the pack's uncompressed bytes. The offset of a chunk is its position in these.
//
//	frame 0 │ frame 1 │ … │ chunk list 0x184D2A5D │ seek table 0x184D2A5E
//
// The chunk list's content, integers little-endian:
//
//	"MHCL" │ version u32 = 1 │ count u32 │ count × ( sha256 [32] │ offset u64 │ length u32 )
//
// Chunks are in the order of their offsets, cover the uncompressed bytes without gap or overlap,
// and never cross the boundary of a frame. The seek table has an entry, with a checksum, for every
// frame before it: the last one is the chunk list's, with a decompressed size of 0.
//
// The seek table is specified in
// https://github.com/facebook/zstd/blob/dev/contrib/seekable_format/zstd_seekable_compression_format.md.
package compress
