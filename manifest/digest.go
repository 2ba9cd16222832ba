package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

const digestPrefix = "sha256:"

// A Digest is the SHA-256 of some bytes. It is comparable, so it can be the key of a map. The zero
// value is not valid.
//
// In JSON a digest is "sha256:" and 64 lower-case hexadecimal digits; in the key of an object it is
// the digits alone.
type Digest [sha256.Size]byte

// SumOf returns the digest of b.
func SumOf(b []byte) Digest { return sha256.Sum256(b) }

// parseDigest parses the form that String returns, and no other.
func parseDigest(s string) (Digest, error) {
	digits, ok := strings.CutPrefix(s, digestPrefix)
	if !ok {
		return Digest{}, fmt.Errorf("digest %.80q does not start with %q", s, digestPrefix)
	}
	return ParseHex(digits)
}

// ParseHex parses the form that Hex returns, and no other.
func ParseHex(digits string) (Digest, error) {
	var d Digest
	if len(digits) != 2*sha256.Size || strings.ToLower(digits) != digits {
		return Digest{}, fmt.Errorf("digest %.80q is not %d lower-case hexadecimal digits", digits, 2*sha256.Size)
	}
	if _, err := hex.Decode(d[:], []byte(digits)); err != nil {
		return Digest{}, fmt.Errorf("digest %.80q: %w", digits, err)
	}
	if d.IsZero() {
		return Digest{}, fmt.Errorf("digest %q is not valid", digits)
	}
	return d, nil
}

// String returns the digest in the form of JSON.
func (d Digest) String() string { return digestPrefix + d.Hex() }

// Hex returns the 64 hexadecimal digits, as sha256sum prints them.
func (d Digest) Hex() string { return hex.EncodeToString(d[:]) }

// IsZero reports whether d is the zero value.
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
	v, err := parseDigest(string(text))
	if err != nil {
		return err
	}
	*d = v
	return nil
}
