package dirblob

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"
)

func open(t *testing.T) (*blob.Bucket, string) {
	t.Helper()
	dir := t.TempDir()
	b, err := OpenBucket(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b, dir
}

// list returns all keys, in pages of a size. Directories end in "/".
func list(t *testing.T, b *blob.Bucket, opts *blob.ListOptions, pageSize int) []string {
	t.Helper()
	keys, token := []string{}, blob.FirstPageToken
	for token != nil {
		page, next, err := b.ListPage(t.Context(), token, pageSize, opts)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page {
			keys = append(keys, fmt.Sprint(o.Key, " ", o.IsDir, " ", o.Size))
		}
		token = next
	}
	return keys
}

// TestModel compares the driver with Go CDK's bucket in memory.
func TestModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	b, _ := open(t)
	model := memblob.OpenBucket(nil)
	defer model.Close()
	parts := []string{"a", "b", "a.b", "a-", "refs", "MBX=3A1", "00", "0", "x.json"}
	key := func() string {
		n := 1 + rng.IntN(4)
		var names []string
		for range n {
			names = append(names, parts[rng.IntN(len(parts))])
		}
		return strings.Join(names, "/") + ".f"
	}
	for range 400 {
		k := key()
		data := bytes.Repeat([]byte{byte(rng.IntN(256))}, rng.IntN(5000))
		opts := &blob.WriterOptions{IfNotExist: rng.IntN(2) == 0, DisableContentTypeDetection: true}
		got, want := b.WriteAll(t.Context(), k, data, opts), model.WriteAll(t.Context(), k, data, opts)
		if gcerrors.Code(got) != gcerrors.Code(want) {
			t.Fatalf("%s: %v, expected %v", k, got, want)
		}
		offset, length := rng.Int64N(3000), rng.Int64N(3000)
		if there, err := model.Attributes(t.Context(), k); err == nil {
			if offset > there.Size {
				offset = there.Size
			}
			checkRange(t, b, model, k, offset, length)
			checkRange(t, b, model, k, offset, -1)
		}
	}
	for _, prefix := range []string{"", "a", "a/", "a.", "refs/MBX", "refs/MBX=3A1/", "nothing", "b/a/b.f"} {
		for _, delimiter := range []string{"", "/", "."} {
			opts := &blob.ListOptions{Prefix: prefix, Delimiter: delimiter}
			want := list(t, model, opts, 1000)
			for _, size := range []int{1, 2, 7, 1000} {
				if diff := cmp.Diff(want, list(t, b, opts, size)); diff != "" {
					t.Errorf("prefix %q, delimiter %q, pages of %d:\n%s", prefix, delimiter, size, diff)
				}
			}
		}
	}
}

func checkRange(t *testing.T, b, model *blob.Bucket, key string, offset, length int64) {
	t.Helper()
	read := func(b *blob.Bucket) []byte {
		r, err := b.NewRangeReader(t.Context(), key, offset, length, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if !bytes.Equal(read(b), read(model)) {
		t.Errorf("%s: %d bytes at %d differ", key, length, offset)
	}
}

// TestOnlyOneCreates: of several concurrent creations of an object, over several open buckets, one
// succeeds, and the object has its content.
func TestOnlyOneCreates(t *testing.T) {
	_, dir := open(t)
	for round := range 30 {
		key := fmt.Sprintf("refs/m/%d.json", round)
		const n = 12
		var won, lost int
		var mu sync.Mutex
		var wg sync.WaitGroup
		var winner []byte
		for i := range n {
			wg.Go(func() {
				b, err := OpenBucket(dir)
				if err != nil {
					t.Error(err)
					return
				}
				defer b.Close()
				data := fmt.Appendf(nil, "writer %d", i)
				err = b.WriteAll(t.Context(), key, data, &blob.WriterOptions{IfNotExist: true})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					won++
					winner = data
				case gcerrors.Code(err) == gcerrors.FailedPrecondition:
					lost++
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(key)))
		if won != 1 || lost != n-1 || err != nil || !bytes.Equal(got, winner) {
			t.Fatalf("%d won, %d lost, %q, %v", won, lost, got, err)
		}
	}
}

// TestNothingPartial: a write that is cancelled, or whose content has another MD5, leaves no
// object and no file.
func TestNothingPartial(t *testing.T) {
	b, dir := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	w, err := b.NewWriter(ctx, "packs/a.zst", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := w.Close(); err == nil {
		t.Error("a cancelled write succeeded")
	}
	sum := md5.Sum([]byte("other"))
	if err := b.WriteAll(t.Context(), "packs/b.zst", []byte("this"), &blob.WriterOptions{ContentMD5: sum[:]}); err == nil {
		t.Error("content with another MD5 was taken")
	}
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("%s was left", path)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// TestFailedWrite: an object that a full disk truncates does not get its name.
func TestFailedWrite(t *testing.T) {
	b, dir := open(t)
	d, err := openBucket(dir)
	if err != nil {
		t.Fatal(err)
	}
	dw, err := d.NewTypedWriter(t.Context(), "packs/c.zst", "", &driver.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w := dw.(*writer)
	if _, err := w.Write([]byte("half of it")); err != nil {
		t.Fatal(err)
	}
	full := w.file
	w.file, err = os.Open(full.Name()) // writes to it fail, as they do on a full disk
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("the rest")); err == nil {
		t.Fatal("the write succeeded")
	}
	if err := errors.Join(w.Close(), full.Close()); err == nil {
		t.Error("the object was published")
	}
	if ok, err := b.Exists(t.Context(), "packs/c.zst"); ok || err != nil {
		t.Errorf("exists: %t, %v", ok, err)
	}
}

// TestDurable: a write syncs the bytes of an object, then gives it its name, then syncs its
// directory, after all directories above were synced. So an acknowledged object survives a power
// cut, and no partial one does.
func TestDurable(t *testing.T) {
	dir := t.TempDir()
	first := openNoted(t, dir)
	first.write("packs/ab/ab12.zst", gcerrors.OK)
	first.write("packs/ab/ab13.zst", gcerrors.OK)
	first.write("refs/m/1.json", gcerrors.OK)
	want := []string{
		"sync packs/ab/ab12.zst", "sync .", "sync packs", "name packs/ab/ab12.zst", "sync packs/ab", "done",
		"sync packs/ab/ab13.zst", "name packs/ab/ab13.zst", "sync packs/ab", "done",
		"sync refs/m/1.json", "sync .", "sync refs", "name refs/m/1.json", "sync refs/m", "done",
	}
	if diff := cmp.Diff(want, first.ops); diff != "" {
		t.Error(diff)
	}

	// The first one may have been killed before it synced what it made.
	second := openNoted(t, dir)
	second.write("packs/ab/ab14.zst", gcerrors.OK)
	second.write("refs/m/1.json", gcerrors.FailedPrecondition)
	want = []string{
		"sync packs/ab/ab14.zst", "sync .", "sync packs", "sync packs", "sync packs/ab", "name packs/ab/ab14.zst", "sync packs/ab", "done",
		"sync refs/m/1.json", "sync .", "sync refs", "sync refs", "sync refs/m", "name refs/m/1.json", "sync refs/m", "done",
	}
	if diff := cmp.Diff(want, second.ops); diff != "" {
		t.Error(diff)
	}
}

// A noted is a bucket that records its operations.
type noted struct {
	t      *testing.T
	bucket *blob.Bucket
	ops    []string
}

func openNoted(t *testing.T, dir string) *noted {
	b, err := openBucket(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := &noted{t: t, bucket: blob.NewBucket(b)}
	b.note = func(op, key string) { n.ops = append(n.ops, op+" "+key) }
	t.Cleanup(func() { n.bucket.Close() })
	return n
}

func (n *noted) write(key string, want gcerrors.ErrorCode) {
	n.t.Helper()
	err := n.bucket.WriteAll(n.t.Context(), key, []byte(key), &blob.WriterOptions{IfNotExist: true})
	if gcerrors.Code(err) != want {
		n.t.Fatalf("%s: %v, expected %v", key, err, want)
	}
	n.ops = append(n.ops, "done")
}

// TestCreateBucket: a directory is created with those above it, and an existing one is opened.
func TestCreateBucket(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b", "c")
	for range 2 {
		b, err := CreateBucket(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(b.WriteAll(t.Context(), "x", []byte("x"), nil), b.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := CreateBucket(filepath.Join(dir, "x")); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("a file was opened: %v, %v", b, err)
	}
}

func TestHostileKeys(t *testing.T) {
	b, dir := open(t)
	for _, key := range []string{"../x", "/x", "a/../../x", "a//b", ".", "..", "a\\b", "c:x", "a\x00b", "a\nb", ".tmp/x", ".tmp", "a/"} {
		if err := b.WriteAll(t.Context(), key, nil, nil); err == nil {
			t.Errorf("%q was written", key)
		}
		if _, err := b.ReadAll(t.Context(), key); err == nil {
			t.Errorf("%q was read", key)
		}
	}
	if names, err := os.ReadDir(filepath.Dir(dir)); err != nil || slices.ContainsFunc(names, func(e fs.DirEntry) bool { return e.Name() == "x" }) {
		t.Errorf("%v, %v", names, err)
	}
	if _, err := OpenBucket(filepath.Join(dir, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}

// TestEmptyDirectories: deletions leave no directories, and do not disturb concurrent writes.
func TestEmptyDirectories(t *testing.T) {
	b, dir := open(t)
	ctx := t.Context()
	if err := b.WriteAll(ctx, "a/stays", nil, nil); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			key := fmt.Sprintf("a/b/c/%d", i)
			for range 50 {
				if err := errors.Join(b.WriteAll(ctx, key, nil, nil), b.Delete(ctx, key)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if _, err := os.Stat(filepath.Join(dir, "a", "b")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
	if ok, err := b.Exists(ctx, "a/stays"); !ok || err != nil {
		t.Errorf("%t, %v", ok, err)
	}
}
