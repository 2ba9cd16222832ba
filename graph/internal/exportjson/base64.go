package exportjson

import (
	"bytes"
	"encoding/base64"

	fast "github.com/segmentio/asm/base64"
)

// A base64Stream decodes standard, padded base64 that comes in runs of any
// length, to what base64.StdEncoding makes of all of it at once: line breaks are
// ignored, and nothing else comes after padding.
type base64Stream struct {
	out    []byte  // room for what one run decodes to
	carry  [4]byte // the start of a quantum that the last run did not end
	n      int     // bytes of carry
	padded bool    // the padding was read
}

func newBase64Stream(maxRun int) base64Stream {
	return base64Stream{out: make([]byte, decodedRoom(maxRun))}
}

// decodedRoom is what a run of so many bytes decodes to at most, with what was carried.
func decodedRoom(run int) int { return base64.StdEncoding.DecodedLen(run) + 8 }

func (s *base64Stream) reset() { s.n, s.padded = 0, false }

// decodePlain is decode of a run of some length that has no line breaks, in a third of the
// time, into room if that is not nil. It is not ok, and nothing has changed, if the run is
// not that, or not base64.
func (s *base64Stream) decodePlain(room, run []byte) (decoded []byte, ok bool) {
	if room == nil {
		room = s.out
	}
	head := (len(s.carry) - s.n) % len(s.carry) // what ends the quantum under way
	if s.padded || len(run) < head+4 {
		return nil, false
	}
	n := 0
	if head > 0 {
		quantum := s.carry
		copy(quantum[s.n:], run[:head])
		if n, ok = decodeQuantum(room, quantum[:]); !ok || n < 3 {
			return nil, false
		}
	}
	rest := run[head:]
	last := len(rest)&^3 - 4 // the last whole quantum, which may be padded
	m, err := fast.StdEncoding.Decode(room[n:], rest[:last])
	if err != nil || m != last/4*3 {
		return nil, false
	}
	n += m
	m, ok = decodeQuantum(room[n:], rest[last:last+4])
	tail := rest[last+4:]
	if !ok || m < 3 && len(tail) > 0 || unescaped(tail) < len(tail) {
		return nil, false
	}
	s.padded, s.n = m < 3, copy(s.carry[:], tail)
	return room[:n+m], true
}

func decodeQuantum(dst, src []byte) (n int, ok bool) {
	n, err := base64.StdEncoding.Decode(dst, src)
	return n, err == nil
}

// decode returns what run adds, valid until the next call. When it is not base64,
// bad is the index in run where that shows, and -1 otherwise.
func (s *base64Stream) decode(run []byte) (decoded []byte, bad int) {
	at, n := 0, 0
	for at < len(run) && (s.n > 0 || s.padded) {
		c := run[at]
		at++
		if isBreak(c) {
			continue
		}
		if s.padded {
			return nil, at - 1
		}
		s.carry[s.n] = c
		if s.n++; s.n == len(s.carry) {
			s.n = 0
			var err error
			if n, err = base64.StdEncoding.Decode(s.out, s.carry[:]); err != nil {
				return nil, at - 1
			}
			s.padded = n < 3
		}
	}
	if at == len(run) {
		return s.out[:n], -1
	}

	rest := run[at:]
	digits := len(rest) - bytes.Count(rest, []byte{'\n'}) - bytes.Count(rest, []byte{'\r'})
	whole := len(rest)
	for left := digits % 4; left > 0; {
		whole--
		if !isBreak(rest[whole]) {
			left--
		}
	}
	m, err := fast.StdEncoding.Decode(s.out[n:], rest[:whole])
	if err != nil {
		return nil, at + corruptAt(s.out[n:], rest[:whole])
	}
	s.padded = m < digits/4*3
	for _, c := range rest[whole:] {
		if isBreak(c) {
			continue
		}
		if s.padded {
			return nil, len(run) - 1
		}
		s.carry[s.n] = c
		s.n++
	}
	return s.out[:n+m], -1
}

// corruptAt returns the index at which src is not base64, which it is somewhere. The fast
// decoder counts from wherever it gave up.
func corruptAt(room, src []byte) int {
	_, err := base64.StdEncoding.Decode(room, src)
	if e, ok := err.(base64.CorruptInputError); ok {
		return min(int(e), len(src)-1)
	}
	return 0
}

// whole reports whether what was decoded may end here.
func (s *base64Stream) whole() bool { return s.n == 0 }

func isBreak(c byte) bool { return c == '\n' || c == '\r' }
