package exportjson

import (
	"bytes"
	"encoding/base64"
	"errors"

	fast "github.com/segmentio/asm/base64"
)

// A base64Decoder decodes standard, padded base64 that arrives in runs of any length. The result is
// that of base64.StdEncoding for all runs together: line breaks are ignored, and nothing else
// follows padding.
type base64Decoder struct {
	carry  [4]byte // the start of a quantum that the last run did not complete
	n      int     // bytes of carry
	padded bool    // padding was read
}

// decodeMargin is the space for what a run completes beyond its own quanta.
const decodeMargin = 8

// maxDecoded is the length of the buffer that a run of n bytes needs.
func maxDecoded(n int) int { return n/4*3 + decodeMargin }

// maxEncoded is the length of the longest run that fits into a buffer of n bytes.
func maxEncoded(n int) int { return max(0, n-decodeMargin) / 3 * 4 }

func (d *base64Decoder) reset() { *d = base64Decoder{} }

// decodePlain is decode for a run without line breaks, which has at least one quantum, in a third
// of the time. If the run is not of that kind, or not base64, ok is false and d is unchanged.
func (d *base64Decoder) decodePlain(dst, run []byte) (n int, ok bool) {
	head := (len(d.carry) - d.n) % len(d.carry) // bytes that complete the carried quantum
	if d.padded || len(run) < head+4 {
		return 0, false
	}
	if head > 0 {
		quantum := d.carry
		copy(quantum[d.n:], run[:head])
		if n, ok = decodeQuantum(dst, quantum[:]); !ok || n < 3 {
			return 0, false
		}
	}
	rest := run[head:]
	last := len(rest)&^3 - 4 // the last complete quantum, which may be padded
	m, err := fast.StdEncoding.Decode(dst[n:], rest[:last])
	if err != nil || m != last/4*3 {
		return 0, false
	}
	n += m
	m, ok = decodeQuantum(dst[n:], rest[last:last+4])
	tail := rest[last+4:]
	if !ok || m < 3 && len(tail) > 0 || unescaped(tail) < len(tail) {
		return 0, false
	}
	d.padded, d.n = m < 3, copy(d.carry[:], tail)
	return n + m, true
}

func decodeQuantum(dst, src []byte) (n int, ok bool) {
	n, err := base64.StdEncoding.Decode(dst, src)
	return n, err == nil
}

// decode decodes run into dst. If the run is not base64, bad is the index of the first wrong byte;
// otherwise it is -1.
func (d *base64Decoder) decode(dst, run []byte) (n, bad int) {
	at := 0
	for at < len(run) && (d.n > 0 || d.padded) {
		c := run[at]
		at++
		if isLineBreak(c) {
			continue
		}
		if d.padded {
			return 0, at - 1
		}
		d.carry[d.n] = c
		if d.n++; d.n == len(d.carry) {
			d.n = 0
			var err error
			if n, err = base64.StdEncoding.Decode(dst, d.carry[:]); err != nil {
				return 0, at - 1
			}
			d.padded = n < 3
		}
	}
	if at == len(run) {
		return n, -1
	}

	rest := run[at:]
	digits := len(rest) - bytes.Count(rest, []byte{'\n'}) - bytes.Count(rest, []byte{'\r'})
	quanta := len(rest) // the end of the last complete quantum
	for left := digits % 4; left > 0; {
		quanta--
		if !isLineBreak(rest[quanta]) {
			left--
		}
	}
	m, err := fast.StdEncoding.Decode(dst[n:], rest[:quanta])
	if err != nil {
		return 0, at + corruptAt(dst[n:], rest[:quanta])
	}
	d.padded = m < digits/4*3
	for _, c := range rest[quanta:] {
		if isLineBreak(c) {
			continue
		}
		if d.padded {
			return 0, len(run) - 1
		}
		d.carry[d.n] = c
		d.n++
	}
	return n + m, -1
}

// corruptAt returns the index of the first wrong byte in src, which is not base64. The offset in an
// error of the fast decoder is not that index.
func corruptAt(dst, src []byte) int {
	_, err := base64.StdEncoding.Decode(dst, src)
	if at, ok := errors.AsType[base64.CorruptInputError](err); ok {
		return min(int(at), len(src)-1)
	}
	return 0
}

// complete reports whether the data may end here.
func (d *base64Decoder) complete() bool { return d.n == 0 }

func isLineBreak(c byte) bool { return c == '\n' || c == '\r' }
