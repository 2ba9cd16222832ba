package compress

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"

	"github.com/mailhaul/mailhaul/manifest"
)

const (
	// PackTarget is the stored size at which a pack is full: 32 MiB.
	PackTarget = 32 << 20

	// MaxPackSize bounds the stored size of packs that are read: 64 MiB. Packs that are written
	// stay below PackTarget + PackExcess.
	MaxPackSize = 64 << 20

	// A pack of highly compressible or very small items is full before it has its stored size: the
	// items that wait for it to become durable take memory.
	maxPackRaw    = 256 << 20
	maxPackChunks = 8 << 10

	// PackExcess bounds the size of a pack beyond its target: room for a last frame of small items,
	// the chunk list and the seek table.
	PackExcess = 2 << 20
)

const (
	chunkListMagic   = 0x184D2A5D
	seekTableMagic   = 0x184D2A5E
	seekTableFooter  = 0x8F92EAB1
	seekTableHasSums = 1 << 7

	skippableHeader   = 8
	chunkListHeader   = 12
	chunkListEntry    = sha256.Size + 8 + 4
	seekTableEntry    = 12
	seekTableTrailer  = 9
	chunkListVersion  = 1
	chunkListIdentity = "MHCL"
	emptySum          = 0x51D8E999 // 32 bits of the XXH64 of nothing
)

// A Pack is a finished pack.
type Pack struct {
	SHA256 manifest.Digest // of Data; the pack's name
	Data   []byte
	Chunks []Chunk
	Raw    int64 // uncompressed bytes
}

// A PackWriter joins frames into a pack. It is not safe for concurrent use.
type PackWriter struct {
	target int
	data   []byte
	sha256 hash.Hash // of data
	table  []byte
	chunks []Chunk
	raw    int64
}

// NewPackWriter returns a writer of an empty pack. It takes over buf for the pack's bytes, such as
// the Data of an earlier pack, and allocates a larger buffer if needed.
func NewPackWriter(buf []byte) *PackWriter {
	return &PackWriter{target: PackTarget, data: buf[:0], sha256: sha256.New()}
}

// Limit lowers the stored size at which the pack is full.
func (w *PackWriter) Limit(target int) { w.target = min(max(target, 1), PackTarget) }

// Add appends a frame and returns the offset of its first byte in the pack's uncompressed bytes. It
// retains no part of f.
func (w *PackWriter) Add(f Frame) (int64, error) {
	if len(f.Raw) == 0 || len(f.Raw) > MaxFrame {
		return 0, fmt.Errorf("frame of %d bytes: not between 1 and %d", len(f.Raw), MaxFrame)
	}
	base, next := w.raw, int64(0)
	for _, c := range f.Chunks {
		if c.Offset != next || c.Length < 1 {
			return 0, fmt.Errorf("frame's chunk at %d with %d bytes: expected at %d", c.Offset, c.Length, next)
		}
		next += c.Length
	}
	if len(f.Chunks) > MaxFrameChunks {
		return 0, fmt.Errorf("frame of %d chunks: more than %d", len(f.Chunks), MaxFrameChunks)
	}
	if next != int64(len(f.Raw)) {
		return 0, fmt.Errorf("frame of %d bytes: its chunks cover %d", len(f.Raw), next)
	}
	sum, err := checksum(f.Compressed)
	if err != nil {
		return 0, err
	}
	for _, c := range f.Chunks {
		c.Offset += base
		w.chunks = append(w.chunks, c)
	}
	w.reserve(len(f.Compressed))
	w.data = append(w.data, f.Compressed...)
	w.sha256.Write(f.Compressed) // now, while it is in the processor's caches
	w.raw += next
	w.addEntry(len(f.Compressed), len(f.Raw), sum)
	return base, nil
}

// checksum returns the checksum at the end of a zstd frame, if its header declares one. The seek
// table's checksum of a frame is the same: 32 bits of the content's XXH64.
func checksum(frame []byte) (uint32, error) {
	const descriptor, hasChecksum = 4, 1 << 2 // RFC 8878, section 3.1.1.1.1
	if len(frame) < descriptor+1+4 || frame[descriptor]&hasChecksum == 0 {
		return 0, errors.New("frame without a checksum of its content")
	}
	return binary.LittleEndian.Uint32(frame[len(frame)-4:]), nil
}

// reserve makes room for n more bytes. It quadruples the buffer, so that little is copied, up to
// the size of a pack whose frames fit.
func (w *PackWriter) reserve(n int) {
	need := len(w.data) + n
	if need <= cap(w.data) {
		return
	}
	size := min(max(4*cap(w.data), 2*FrameTarget), w.target+PackExcess)
	w.data = append(make([]byte, 0, max(need, size)), w.data...)
}

// addEntry appends an entry to the seek table.
func (w *PackWriter) addEntry(compressed, raw int, sum uint32) {
	w.table = binary.LittleEndian.AppendUint32(w.table, uint32(compressed))
	w.table = binary.LittleEndian.AppendUint32(w.table, uint32(raw))
	w.table = binary.LittleEndian.AppendUint32(w.table, sum)
}

// Empty reports whether no frame was added.
func (w *PackWriter) Empty() bool { return w.raw == 0 }

// Full reports whether the pack should be finished before another frame is added.
func (w *PackWriter) Full() bool {
	return len(w.data) >= w.target || w.raw >= maxPackRaw || len(w.chunks) >= maxPackChunks
}

// Fits reports whether the pack with this frame stays below its target plus PackExcess. Any frame
// fits an empty pack.
func (w *PackWriter) Fits(f Frame) bool {
	return w.Empty() || len(w.data)+len(f.Compressed)+w.trailer(len(f.Chunks), 1) <= w.target+PackExcess
}

// trailer returns the length of what Finish appends after this number of further chunks and frames.
func (w *PackWriter) trailer(chunks, frames int) int {
	return skippableHeader + chunkListHeader + (len(w.chunks)+chunks)*chunkListEntry +
		skippableHeader + len(w.table) + (frames+1)*seekTableEntry + seekTableTrailer
}

// Finish appends the chunk list and the seek table and returns the pack. The writer cannot be used
// afterwards. An empty pack is an error.
func (w *PackWriter) Finish() (Pack, error) {
	if w.Empty() {
		return Pack{}, errors.New("pack holds no frame")
	}
	start := len(w.data)
	w.reserve(w.trailer(0, 0))
	w.data = appendChunkList(w.data, w.chunks)
	w.addEntry(len(w.data)-start, 0, emptySum)

	w.data = binary.LittleEndian.AppendUint32(w.data, seekTableMagic)
	w.data = binary.LittleEndian.AppendUint32(w.data, uint32(len(w.table)+seekTableTrailer))
	w.data = append(w.data, w.table...)
	w.data = binary.LittleEndian.AppendUint32(w.data, uint32(len(w.table)/seekTableEntry))
	w.data = append(w.data, seekTableHasSums)
	w.data = binary.LittleEndian.AppendUint32(w.data, seekTableFooter)
	w.sha256.Write(w.data[start:])
	p := Pack{Data: w.data, Chunks: w.chunks, Raw: w.raw}
	w.sha256.Sum(p.SHA256[:0])
	return p, nil
}

func appendChunkList(dst []byte, chunks []Chunk) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, chunkListMagic)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(chunkListHeader+len(chunks)*chunkListEntry))
	dst = append(dst, chunkListIdentity...)
	dst = binary.LittleEndian.AppendUint32(dst, chunkListVersion)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(chunks)))
	for i := range chunks {
		c := &chunks[i]
		dst = append(dst, c.SHA256[:]...)
		dst = binary.LittleEndian.AppendUint64(dst, uint64(c.Offset))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(c.Length))
	}
	return dst
}
