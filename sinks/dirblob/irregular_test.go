//go:build !windows

package dirblob

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/mailhaul/mailhaul/repository/store"
)

// irregulars create what is neither a file nor a directory. The target lies beside the bucket and
// holds a file "inside".
var irregulars = map[string]func(at, target string) error{
	"a symbolic link out":     func(at, target string) error { return os.Symlink(target, at) },
	"a symbolic link to file": func(at, target string) error { return os.Symlink(filepath.Join(target, "inside"), at) },
	"a symbolic link in":      func(at, _ string) error { return os.Symlink("stays", at) },
	"a dangling link":         func(at, _ string) error { return os.Symlink("/nowhere", at) },
	"a loop":                  func(at, _ string) error { return os.Symlink(filepath.Base(at), at) },
	"a link upwards":          func(at, _ string) error { return os.Symlink("..", at) },
	"a named pipe":            func(at, _ string) error { return syscall.Mkfifo(at, 0o666) },
}

// everyIrregular runs a test with each kind at a key of a bucket that holds an object a/stays.
func everyIrregular(t *testing.T, key string, test func(t *testing.T, b *blob.Bucket, target string)) {
	for name, create := range irregulars {
		t.Run(name, func(t *testing.T) {
			b, dir := open(t)
			target := t.TempDir()
			if err := errors.Join(os.WriteFile(filepath.Join(target, "inside"), []byte("secret"), 0o666), b.WriteAll(t.Context(), "a/stays", nil, nil)); err != nil {
				t.Fatal(err)
			}
			if err := create(filepath.Join(dir, key), target); err != nil {
				t.Fatal(err)
			}
			test(t, b, target)
		})
	}
}

// isIrregular reports whether an error is permanent and means that a key holds no object.
func isIrregular(err error, key string) bool {
	var irregular *store.Error
	return errors.As(err, &irregular) && irregular.Kind == store.Irregular && irregular.Key == key && gcerrors.Code(err) == gcerrors.InvalidArgument
}

// TestIrregularObject: the driver does not follow, open, replace or remove what is in the place of
// an object, and lists it as irregular.
func TestIrregularObject(t *testing.T) {
	everyIrregular(t, "a/x", func(t *testing.T, b *blob.Bucket, target string) {
		ctx := t.Context()
		_, readErr := b.ReadAll(ctx, "a/x")
		_, lookErr := b.Attributes(ctx, "a/x")
		for what, err := range map[string]error{"read": readErr, "look": lookErr, "delete": b.Delete(ctx, "a/x")} {
			if !isIrregular(err, "a/x") {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := b.WriteAll(ctx, "a/x", []byte("new"), &blob.WriterOptions{IfNotExist: true}); gcerrors.Code(err) != gcerrors.FailedPrecondition {
			t.Errorf("write: %v", err)
		}
		if diff := cmp.Diff([]string{"a/stays false 0", "a/x false 0"}, list(t, b, nil, 1)); diff != "" {
			t.Errorf("list:\n%s", diff)
		}
		for it := b.List(nil); ; {
			o, err := it.Next(ctx)
			if err == io.EOF {
				break
			}
			var irregular *store.Error
			if err != nil || o.As(&irregular) != (o.Key == "a/x") {
				t.Errorf("%+v, %v", o, err)
			}
		}
		if data, err := os.ReadFile(filepath.Join(target, "inside")); err != nil || string(data) != "secret" {
			t.Errorf("outside is %q, %v", data, err)
		}
	})
}

// TestIrregularDirectory: the driver does not follow what is in the place of a directory.
func TestIrregularDirectory(t *testing.T) {
	everyIrregular(t, "x", func(t *testing.T, b *blob.Bucket, target string) {
		ctx := t.Context()
		_, readErr := b.ReadAll(ctx, "x/inside")
		_, lookErr := b.Attributes(ctx, "x/stays")
		_, _, listErr := b.ListPage(ctx, blob.FirstPageToken, 10, &blob.ListOptions{Prefix: "x/"})
		for what, err := range map[string]error{
			"read": readErr, "look": lookErr, "list": listErr, "delete": b.Delete(ctx, "x/inside"),
			"write": b.WriteAll(ctx, "x/new", nil, nil), "create": b.WriteAll(ctx, "x/y/new", nil, &blob.WriterOptions{IfNotExist: true}),
		} {
			if !isIrregular(err, "x") {
				t.Errorf("%s: %v", what, err)
			}
		}
		for _, delimiter := range []string{"", "/"} {
			want := map[string][]string{"": {"a/stays false 0", "x false 0"}, "/": {"a/ true 0", "x false 0"}}[delimiter]
			if diff := cmp.Diff(want, list(t, b, &blob.ListOptions{Delimiter: delimiter}, 1)); diff != "" {
				t.Errorf("list with delimiter %q:\n%s", delimiter, diff)
			}
		}
		if names, err := os.ReadDir(target); err != nil || len(names) != 1 {
			t.Errorf("outside are %v, %v", names, err)
		}
	})
}

// TestIrregularAlone: what is not an object is listed even with nothing beside it.
func TestIrregularAlone(t *testing.T) {
	b, dir := open(t)
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, "refs", "m"), 0o777), syscall.Mkfifo(filepath.Join(dir, "refs", "m", "1.json"), 0o666)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"refs/m/ true 0"}, list(t, b, &blob.ListOptions{Prefix: "refs/", Delimiter: "/"}, 10)); diff != "" {
		t.Error(diff)
	}
}

// TestIrregularTemp: a write does not follow a link in the place of its temporary directory.
func TestIrregularTemp(t *testing.T) {
	b, dir := open(t)
	target := t.TempDir()
	if err := os.Symlink(target, filepath.Join(dir, tempDir)); err != nil {
		t.Fatal(err)
	}
	if err := b.WriteAll(t.Context(), "a", nil, nil); !isIrregular(err, tempDir) {
		t.Error(err)
	}
}

// TestReplacedBetween: what replaces a file between look and open neither blocks nor leads out of
// the bucket.
func TestReplacedBetween(t *testing.T) {
	b, dir := open(t)
	if err := b.WriteAll(t.Context(), "a/x", []byte("x"), nil); err != nil {
		t.Fatal(err)
	}
	driver, err := openBucket(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer driver.Close()
	at := filepath.Join(dir, "a", "x")
	for name, create := range irregulars {
		if err := os.Remove(at); err != nil {
			t.Fatal(err)
		}
		target := t.TempDir()
		if err := errors.Join(os.WriteFile(filepath.Join(target, "inside"), nil, 0o666), create(at, target)); err != nil {
			t.Fatal(err)
		}
		file, info, err := driver.openSeen("a/x")
		if err != nil {
			continue
		}
		if !info.IsDir() { // the one above it
			t.Errorf("%s was opened", name)
		}
		file.Close()
	}
}

// TestLinkedRoot: the bucket's own directory may be a symbolic link.
func TestLinkedRoot(t *testing.T) {
	at := filepath.Join(t.TempDir(), "archive")
	if err := os.Symlink(t.TempDir(), at); err != nil {
		t.Fatal(err)
	}
	b, err := CreateBucket(at)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.WriteAll(t.Context(), "a/b", []byte("b"), nil); err != nil {
		t.Fatal(err)
	}
	if got := list(t, b, nil, 10); len(got) != 1 {
		t.Errorf("list is %q", got)
	}
}

// TestSystems: what systems create at the top of a directory is neither read nor listed, since
// there may be no access to it.
func TestSystems(t *testing.T) {
	b, dir := open(t)
	if err := b.WriteAll(t.Context(), "a/lost+found", nil, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lost+found", ".snapshot", ".zfs", "@eaDir", "System Volume Information"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, ".DS_Store"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, opts := range []*blob.ListOptions{nil, {Delimiter: "/"}, {Prefix: "."}, {Prefix: "lost"}} {
		for _, name := range list(t, b, opts, 10) {
			if !strings.HasPrefix(name, "a/") {
				t.Errorf("listed is %q", name)
			}
		}
	}
	if _, err := b.ReadAll(t.Context(), ".DS_Store"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}
