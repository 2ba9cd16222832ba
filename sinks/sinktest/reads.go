package sinktest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"slices"

	"gocloud.dev/blob"
	"golang.org/x/sync/errgroup"

	"github.com/mailhaul/mailhaul/repository"
)

// content returns bytes that do not compress, the same for the same seed.
func content(seed uint64, size int) []byte {
	data := make([]byte, size)
	var key [32]byte
	key[0], key[1], key[2] = byte(seed), byte(size), byte(size>>8)
	_, _ = rand.NewChaCha8(key).Read(data) // it never fails
	return data
}

func ranges(ctx context.Context, e *Env) error {
	const key, size = "ranges", 100_003
	data := content(6, size)
	if err := e.create(ctx, e.first(), key, data); err != nil {
		return err
	}
	for _, offset := range []int64{0, 1, 4_095, size / 2, size - 2, size - 1} {
		for _, length := range []int64{-1, 0, 1, 2, 4_096, size - 1, size, size + 1, 1 << 30} {
			if err := e.checkRange(ctx, key, data, offset, length); err != nil {
				return err
			}
		}
	}
	return e.checkBehind(ctx, key, size)
}

// checkRange reads a part that begins within the object.
func (e *Env) checkRange(ctx context.Context, key string, data []byte, offset, length int64) error {
	want := data[offset:]
	if length >= 0 {
		want = want[:min(length, int64(len(want)))]
	}
	var got []byte
	err := try(ctx, func() (err error) {
		got, err = e.part(ctx, key, offset, length)
		return err
	})
	switch {
	case err != nil:
		return repository.Wrap(fmt.Sprintf("read %d bytes at %d of", length, offset), key, err)
	case !bytes.Equal(got, want):
		return fmt.Errorf("read %d bytes at %d of %s: %d bytes that are not those that were written", length, offset, key, len(got))
	}
	return nil
}

// checkBehind reads parts that begin where the object ends and behind it: there are no
// bytes, and the store may say so by an error.
func (e *Env) checkBehind(ctx context.Context, key string, size int64) error {
	for _, offset := range []int64{size, size + 1, 1 << 40} {
		if got, _ := e.part(ctx, key, offset, 10); len(got) > 0 {
			return fmt.Errorf("read at %d of %s, which has %d bytes: %d bytes came", offset, key, size, len(got))
		}
	}
	return ctx.Err()
}

func (e *Env) part(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	r, err := e.first().NewRangeReader(ctx, key, offset, length, nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, 1<<20))
}

// manyObjects is more than what stores list at once.
const manyObjects = 1_100

// manyKeys are those of many objects, in order. They have the characters that a
// repository's keys have.
func manyKeys() []string {
	keys := []string{"many.txt", "many/-", "many/.a", "many/=3A", "many/MBX=3Aa=40b/1.json", "many/MBX=3Aa=40b/2.json", "many/Z", "many/_a", "many0"}
	for i := range manyObjects - len(keys) {
		keys = append(keys, fmt.Sprintf("many/%02x/%04d", i%3, i))
	}
	slices.Sort(keys)
	return keys
}

func listing(ctx context.Context, e *Env) error {
	keys := manyKeys()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i, key := range keys {
		g.Go(func() error { return e.create(gctx, e.bucket(i), key, []byte(key)) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, prefix := range []string{"many", "many/", "many/00/", "many/01/0", "many/MBX=3A", "many/none", "many0"} {
		for _, delimiter := range []string{"", "/"} {
			if err := e.checkListing(ctx, keys, prefix, delimiter); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkListing lists a prefix, and compares with what was written.
func (e *Env) checkListing(ctx context.Context, keys []string, prefix, delimiter string) error {
	found, err := e.list(ctx, &blob.ListOptions{Prefix: prefix, Delimiter: delimiter})
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
	want := below(keys, prefix, delimiter)
	switch at := firstDifference(got, want); {
	case at < 0:
		return nil
	case !slices.IsSorted(got):
		return fmt.Errorf("list %s: it is not in order", prefix)
	case at == len(got):
		return fmt.Errorf("list %s: it shows %d objects of %d, and not %s", prefix, len(got), len(want), want[at])
	default:
		return fmt.Errorf("list %s: %d objects, not %d, and %s is one too many or out of place", prefix, len(got), len(want), got[at])
	}
}

// below is what a listing of some keys should show.
func below(keys []string, prefix, delimiter string) []string {
	var shown []string
	for _, key := range keys {
		if len(key) < len(prefix) || key[:len(prefix)] != prefix {
			continue
		}
		if i := bytes.IndexByte([]byte(key[len(prefix):]), '/'); delimiter != "" && i >= 0 {
			key = key[:len(prefix)+i+1]
		}
		if len(shown) == 0 || shown[len(shown)-1] != key {
			shown = append(shown, key)
		}
	}
	return shown
}

// firstDifference is where two lists differ, or -1.
func firstDifference(a, b []string) int {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return i
		}
	}
	return -1
}

// largeSize is that of a pack.
const largeSize = 32 << 20

func largeObject(ctx context.Context, e *Env) error {
	const key = "large"
	data := content(7, largeSize)
	want := sha256.Sum256(data)
	if err := e.create(ctx, e.first(), key, data); err != nil {
		return err
	}
	sum := sha256.New()
	n, err := e.stream(ctx, key, sum)
	switch {
	case err != nil:
		return repository.Wrap("read", key, err)
	case n != largeSize || !bytes.Equal(sum.Sum(nil), want[:]):
		return fmt.Errorf("read %s: %d bytes that are not the %d that were written", key, n, largeSize)
	}
	return e.checkRange(ctx, key, data, largeSize-1_000, 2_000)
}

// stream reads an object without holding it.
func (e *Env) stream(ctx context.Context, key string, to hash.Hash) (n int64, err error) {
	err = try(ctx, func() error {
		to.Reset()
		r, err := e.first().NewReader(ctx, key, nil)
		if err != nil {
			return err
		}
		defer r.Close()
		n, err = io.Copy(to, r)
		return err
	})
	return n, err
}
