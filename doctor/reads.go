package doctor

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// content returns incompressible bytes, the same for the same seed and size.
func content(seed uint64, size int) []byte {
	data := make([]byte, size)
	var key [32]byte
	key[0], key[1], key[2] = byte(seed), byte(size), byte(size>>8)
	_, _ = rand.NewChaCha8(key).Read(data) // never fails
	return data
}

func (s *scratch) ranges(ctx context.Context) error {
	const key, size = "ranges", 100_003
	data := content(6, size)
	if err := s.create(ctx, s.first(), key, data); err != nil {
		return err
	}
	for _, offset := range []int64{0, 1, 4_095, size / 2, size - 2, size - 1} {
		for _, length := range []int64{-1, 0, 1, 2, 4_096, size - 1, size, size + 1, 1 << 30} {
			if err := s.checkRange(ctx, key, data, offset, length); err != nil {
				return err
			}
		}
	}
	return s.checkPastEnd(ctx, key, size)
}

// checkRange reads a range that starts within the object. A negative length reads to its end.
func (s *scratch) checkRange(ctx context.Context, key string, data []byte, offset, length int64) error {
	want := data[offset:]
	if length >= 0 {
		want = want[:min(length, int64(len(want)))]
	}
	var got []byte
	err := retry(ctx, func() (err error) {
		got, err = s.readRange(ctx, key, offset, length)
		return err
	})
	switch {
	case err != nil:
		return storeError(fmt.Sprintf("read %d bytes at %d of", length, offset), key, err)
	case !bytes.Equal(got, want):
		return fmt.Errorf("read %d bytes at %d of %s: the %d bytes read differ from those written", length, offset, key, len(got))
	}
	return nil
}

// checkPastEnd reads ranges that start at the end of the object or beyond it. They have no bytes,
// and the store may return an error.
func (s *scratch) checkPastEnd(ctx context.Context, key string, size int64) error {
	for _, offset := range []int64{size, size + 1, 1 << 40} {
		if got, _ := s.readRange(ctx, key, offset, 10); len(got) > 0 {
			return fmt.Errorf("read at %d of %s, which has %d bytes: the store returned %d bytes", offset, key, size, len(got))
		}
	}
	return ctx.Err()
}

func (s *scratch) readRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	r, err := s.first().NewRangeReader(ctx, s.prefix+key, offset, length, nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, 1<<20))
}

// manyObjects is more than a store lists in one page.
const manyObjects = 1_100

// manyKeys returns the keys of manyObjects objects, in order. They contain the characters that a
// repository's keys contain.
func manyKeys() []string {
	keys := []string{"many.txt", "many/-", "many/.a", "many/=3A", "many/MBX=3Aa=40b/1.json", "many/MBX=3Aa=40b/2.json", "many/Z", "many/_a", "many0"}
	for i := range manyObjects - len(keys) {
		keys = append(keys, fmt.Sprintf("many/%02x/%04d", i%3, i))
	}
	slices.Sort(keys)
	return keys
}

func (s *scratch) listing(ctx context.Context) error {
	keys := manyKeys()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for i, key := range keys {
		g.Go(func() error { return s.create(gctx, s.bucket(i), key, []byte(key)) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, prefix := range []string{"many", "many/", "many/00/", "many/01/0", "many/MBX=3A", "many/none", "many0"} {
		for _, delimiter := range []string{"", "/"} {
			if err := s.checkListing(ctx, keys, prefix, delimiter); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkListing lists a prefix, and compares the list with the keys written. Each object contains
// its own key.
func (s *scratch) checkListing(ctx context.Context, keys []string, prefix, delimiter string) error {
	found, err := s.list(ctx, prefix, delimiter)
	if err != nil {
		return err
	}
	var got []string
	for _, o := range found {
		if !o.IsDir && o.Size != int64(len(o.Key)) {
			return fmt.Errorf("list %s: %s has %d bytes, not %d", prefix, o.Key, o.Size, len(o.Key))
		}
		got = append(got, o.Key)
	}
	want := listed(keys, prefix, delimiter)
	switch at := firstDifference(got, want); {
	case at < 0:
		return nil
	case !slices.IsSorted(got):
		return fmt.Errorf("list %s: the list is not in order", prefix)
	case at == len(got):
		return fmt.Errorf("list %s: it has %d of %d objects, and not %s", prefix, len(got), len(want), want[at])
	default:
		return fmt.Errorf("list %s: it has %d objects, not %d, and %s is unexpected or out of place", prefix, len(got), len(want), got[at])
	}
}

// listed returns what a listing of a prefix should show, given all keys in order.
func listed(keys []string, prefix, delimiter string) []string {
	var shown []string
	for _, key := range keys {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		if i := strings.IndexByte(rest, '/'); delimiter != "" && i >= 0 {
			key = key[:len(prefix)+i+1]
		}
		if len(shown) == 0 || shown[len(shown)-1] != key {
			shown = append(shown, key)
		}
	}
	return shown
}

// firstDifference returns the first index at which two lists differ, or -1.
func firstDifference(a, b []string) int {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return i
		}
	}
	return -1
}

// largeSize is the size of a pack, in bytes.
const largeSize = 32 << 20

func (s *scratch) largeObject(ctx context.Context) error {
	const key = "large"
	data := content(7, largeSize)
	want := sha256.Sum256(data)
	if err := s.create(ctx, s.first(), key, data); err != nil {
		return err
	}
	sum := sha256.New()
	n, err := s.hash(ctx, key, sum)
	switch {
	case err != nil:
		return storeError("read", key, err)
	case n != largeSize || !bytes.Equal(sum.Sum(nil), want[:]):
		return fmt.Errorf("read %s: the %d bytes read differ from the %d bytes written", key, n, largeSize)
	}
	return s.checkRange(ctx, key, data, largeSize-1_000, 2_000)
}

// hash streams an object through a hash, and returns its length in bytes.
func (s *scratch) hash(ctx context.Context, key string, to hash.Hash) (n int64, err error) {
	err = retry(ctx, func() error {
		to.Reset()
		r, err := s.first().NewReader(ctx, s.prefix+key, nil)
		if err != nil {
			return err
		}
		defer r.Close()
		n, err = io.Copy(to, r)
		return err
	})
	return n, err
}
