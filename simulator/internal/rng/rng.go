// Package rng generates the random numbers that simulated content is made from. A seed gives the
// same numbers with every release of Go and on every processor: the generator is written out here
// and uses no floating point.
package rng

import (
	"crypto/rand"
	"encoding/binary"
	"math/bits"
)

// Rand is a SplitMix64 generator. Its value is its state.
type Rand uint64

// New seeds a generator from several numbers.
func New(parts ...uint64) Rand {
	r := Rand(0x9E3779B97F4A7C15)
	for _, p := range parts {
		r ^= Rand(p)
		r = Rand(r.Next())
	}
	return r
}

// Next returns the next 64 random bits.
func (r *Rand) Next() uint64 {
	*r += 0x9E3779B97F4A7C15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// Below returns a number from 0 to n-1; n is positive.
func (r *Rand) Below(n int64) int64 {
	high, _ := bits.Mul64(r.Next(), uint64(n))
	return int64(high)
}

// Chance is true in about p of 1000 cases.
func (r *Rand) Chance(p int64) bool {
	return r.Below(1000) < p
}

// Pick returns one of the choices.
func Pick[T any](r *Rand, from []T) T {
	return from[r.Below(int64(len(from)))]
}

// Read fills p with bytes that do not compress. It never fails.
func (r *Rand) Read(p []byte) (int, error) {
	rest := p
	for len(rest) >= 8 {
		binary.LittleEndian.PutUint64(rest, r.Next())
		rest = rest[8:]
	}
	if len(rest) > 0 {
		var last [8]byte
		binary.LittleEndian.PutUint64(last[:], r.Next())
		copy(rest, last[:])
	}
	return len(p), nil
}

// GUID returns a random GUID in its text form.
func (r *Rand) GUID() string {
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

// FreshGUID returns a GUID that no seed decides.
func FreshGUID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	r := Rand(binary.LittleEndian.Uint64(b[:]))
	return r.GUID()
}
