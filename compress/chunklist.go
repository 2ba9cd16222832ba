package compress

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/mailhaul/mailhaul/manifest"
)

// parseChunkList parses the skippable frame that appendChunkList appends. The chunks must cover
// size uncompressed bytes.
func parseChunkList(data []byte, size int64) ([]Chunk, error) {
	le := binary.LittleEndian
	if len(data) < skippableHeader+chunkListHeader || le.Uint32(data) != chunkListMagic ||
		int64(le.Uint32(data[4:])) != int64(len(data)-skippableHeader) {
		return nil, corrupt("chunk list is not a skippable frame")
	}
	data = data[skippableHeader:]
	if string(data[:4]) != chunkListIdentity {
		return nil, corrupt("chunk list does not start with %s", chunkListIdentity)
	}
	if v := le.Uint32(data[4:]); v != chunkListVersion {
		return nil, corrupt("chunk list has version %d, not %d", v, chunkListVersion)
	}
	count := int64(le.Uint32(data[8:]))
	data = data[chunkListHeader:]
	if count*chunkListEntry != int64(len(data)) {
		return nil, corrupt("chunk list of %d bytes has %d chunks", len(data), count)
	}
	if count > maxReadChunks {
		return nil, corrupt("%d chunks, more than %d", count, maxReadChunks)
	}
	chunks := make([]Chunk, 0, count)
	var next int64
	for ; len(data) > 0; data = data[chunkListEntry:] {
		c := Chunk{
			SHA256: manifest.Digest(data[:sha256.Size]),
			Offset: int64(le.Uint64(data[sha256.Size:])),
			Length: int64(le.Uint32(data[sha256.Size+8:])),
		}
		if c.Offset != next || c.Length < 1 || c.Length > MaxFrame {
			return nil, corrupt("chunk %d: %d bytes at %d, expected at %d", len(chunks), c.Length, c.Offset, next)
		}
		next += c.Length
		chunks = append(chunks, c)
	}
	if next != size {
		return nil, corrupt("chunks cover %d of %d bytes", next, size)
	}
	return chunks, nil
}
