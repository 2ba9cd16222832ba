package simulator

import (
	"encoding/binary"
	"math/bits"
)

// rng is the SplitMix64 generator. It is written out here because the content of a seed must never change, not with
// a release of Go nor with the processor: it uses no floating point.
type rng uint64

// mixed seeds a generator from several numbers.
func mixed(parts ...uint64) rng {
	r := rng(0x9E3779B97F4A7C15)
	for _, p := range parts {
		r ^= rng(p)
		r = rng(r.next())
	}
	return r
}

func (r *rng) next() uint64 {
	*r += 0x9E3779B97F4A7C15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// below returns a number from 0 to n-1; n is positive.
func (r *rng) below(n int64) int64 {
	high, _ := bits.Mul64(r.next(), uint64(n))
	return int64(high)
}

// chance is true in about p of 1000 cases.
func (r *rng) chance(p int64) bool {
	return r.below(1000) < p
}

// pick returns one of the choices.
func pick[T any](r *rng, from []T) T {
	return from[r.below(int64(len(from)))]
}

// Read fills p with bytes that do not compress. It never fails.
func (r *rng) Read(p []byte) (int, error) {
	rest := p
	for len(rest) >= 8 {
		binary.LittleEndian.PutUint64(rest, r.next())
		rest = rest[8:]
	}
	if len(rest) > 0 {
		var last [8]byte
		binary.LittleEndian.PutUint64(last[:], r.next())
		copy(rest, last[:])
	}
	return len(p), nil
}

// guid returns a GUID in its text form.
func (r *rng) guid() string {
	var b [16]byte
	_, _ = r.Read(b[:])
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	const digits = "0123456789abcdef"
	text := make([]byte, 0, 36)
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text = append(text, '-')
		}
		text = append(text, digits[c>>4], digits[c&15])
	}
	return string(text)
}
