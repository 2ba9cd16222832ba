// Package compress makes and reads packs: files in the zstd seekable format
// that hold the chunks of items, and a list of them. It knows nothing of
// mailboxes, and reads and writes no bucket.
//
// A pack is a row of independent zstd frames, each the chunks that it holds laid
// end to end; then a skippable frame with the list of all chunks; then, in
// another skippable frame, the seek table. `zstd -d` turns it into its
// uncompressed bytes, in which chunks have their offsets.
//
//	frame 0 │ frame 1 │ … │ chunk list 0x184D2A5D │ seek table 0x184D2A5E
//
// The chunk list's content, integers little-endian:
//
//	"MHCL" │ version u32 = 1 │ count u32 │ count × ( sha256 [32] │ offset u64 │ length u32 )
//
// Chunks stand in the order of their offsets, cover the uncompressed bytes
// without gap or overlap, and never cross a frame. The seek table has an entry,
// with checksum, for every frame before it: the last is the chunk list's, with a
// decompressed size of 0.
//
// The seek table is that of
// https://github.com/facebook/zstd/blob/dev/contrib/seekable_format/zstd_seekable_compression_format.md.
package compress
