package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// DigestSize is the length of a digest in bytes.
const DigestSize = sha256.Size

const digestPrefix = "sha256:"

// A Digest is the SHA-256 of some bytes. It is comparable and can be the key of
// a map. The zero value names nothing and is not valid.
//
// In JSON a digest reads "sha256:" and 64 lower-case hexadecimal digits; in the
// key of an object it is the digits alone.
type Digest [DigestSize]byte

// SumOf returns the digest of b.
func SumOf(b []byte) Digest { return sha256.Sum256(b) }

// ParseDigest reads the form that String writes, and no other.
func ParseDigest(s string) (Digest, error) {
	digits, ok := strings.CutPrefix(s, digestPrefix)
	if !ok {
		return Digest{}, fmt.Errorf("digest %.80q does not start with %q", s, digestPrefix)
	}
	return ParseHex(digits)
}

// ParseHex reads the form that Hex writes, and no other.
func ParseHex(digits string) (Digest, error) {
	var d Digest
	if len(digits) != 2*DigestSize || strings.ToLower(digits) != digits {
		return Digest{}, fmt.Errorf("digest %.80q is not %d lower-case hexadecimal digits", digits, 2*DigestSize)
	}
	if _, err := hex.Decode(d[:], []byte(digits)); err != nil {
		return Digest{}, fmt.Errorf("digest %.80q: %w", digits, err)
	}
	if d.IsZero() {
		return Digest{}, fmt.Errorf("digest %q is not valid", digits)
	}
	return d, nil
}

// String returns the digest as JSON carries it.
func (d Digest) String() string { return digestPrefix + d.Hex() }

// Hex returns the 64 hexadecimal digits, as sha256sum prints them.
func (d Digest) Hex() string { return hex.EncodeToString(d[:]) }

// IsZero reports whether d names nothing.
func (d Digest) IsZero() bool { return d == Digest{} }

// AppendText implements encoding.TextAppender. It refuses the zero digest.
func (d Digest) AppendText(b []byte) ([]byte, error) {
	if d.IsZero() {
		return b, errors.New("digest is not set")
	}
	return hex.AppendEncode(append(b, digestPrefix...), d[:]), nil
}

// MarshalText implements encoding.TextMarshaler. It refuses the zero digest.
func (d Digest) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Digest) UnmarshalText(text []byte) error {
	v, err := ParseDigest(string(text))
	if err != nil {
		return err
	}
	*d = v
	return nil
}
