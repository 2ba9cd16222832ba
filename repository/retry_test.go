package repository_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

func newRepository(t *testing.T, store *memstore.Store) *repository.Repository {
	t.Helper()
	repo, err := repository.Init(t.Context(), store.Open())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { repo.Close() })
	return repo
}

// TestRetry: every kind of call is repeated when the store fails for a while.
func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		repo := newRepository(t, store)
		ctx := t.Context()
		pack := []byte("a pack")
		d := manifest.SumOf(pack)

		store.Stumble(3)
		if isNew, err := repo.PutPack(ctx, d, pack); !isNew || err != nil {
			t.Errorf("PutPack: %v, %v", isNew, err)
		}
		store.Stumble(3)
		if got, err := repo.ReadPack(ctx, d); err != nil || !bytes.Equal(got, pack) {
			t.Errorf("ReadPack: %q, %v", got, err)
		}
		at, err := repo.PackAt(ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		store.Stumble(3)
		part := make([]byte, 4)
		if n, err := at.ReadAt(part, 2); n != 4 || err != nil || string(part) != "pack" {
			t.Errorf("ReadAt: %d, %q, %v", n, part, err)
		}
		store.Stumble(3)
		count := 0
		for _, err := range repo.Objects(ctx) {
			if err != nil {
				t.Error(err)
			}
			count++
		}
		if count != 2 {
			t.Errorf("Objects: %d", count)
		}
		store.Stumble(3)
		if err := repo.CreateRef(ctx, "MBX:a", 1, []byte("a ref")); err != nil {
			t.Errorf("CreateRef: %v", err)
		}
		if got := repo.Retries(); got != 15 {
			t.Errorf("%d retries, want 15", got)
		}
	})
}

// TestPatience: calls to a store that has never answered are repeated for seconds, and those to
// others for minutes. Permanent errors are not repeated, and a cancelled call ends.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		store.Stumble(-1)
		started := time.Now()
		if _, err := repository.Init(t.Context(), store.Open()); err == nil || time.Since(started) > 5*time.Second {
			t.Errorf("never answered: %v after %v", err, time.Since(started))
		}
		store.Stumble(0)
		repo := newRepository(t, store)
		store.Stumble(-1)
		started = time.Now()
		_, err := repo.Mailboxes(t.Context())
		if took := time.Since(started); err == nil || took < 4*time.Minute || took > 6*time.Minute {
			t.Errorf("answered once: %v after %v", err, took)
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		started = time.Now()
		if _, err := repo.Mailboxes(ctx); err == nil || time.Since(started) != time.Second {
			t.Errorf("cancelled: %v after %v", err, time.Since(started))
		}

		started = time.Now()
		if err := repo.CreateRef(ctx, "MBX:a", 1, nil); err == nil || time.Since(started) > 20*time.Second {
			t.Errorf("a ref, cancelled: %v after %v", err, time.Since(started))
		}

		store.Stumble(0)
		store.FailAfter(0)
		before := repo.Retries()
		if err := repo.CreateRef(t.Context(), "MBX:a", 1, nil); err == nil || repo.Retries() != before {
			t.Errorf("permanent: %v after %d retries", err, repo.Retries()-before)
		}
	})
}

// TestLostAnswer: an object is stored if the store took it and only the answer was lost.
func TestLostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		repo := newRepository(t, store)
		pack, ref := []byte("a pack"), []byte("a ref")
		store.LoseAnswers(1)
		if isNew, err := repo.PutPack(t.Context(), manifest.SumOf(pack), pack); !isNew || err != nil {
			t.Errorf("PutPack: %v, %v", isNew, err)
		}
		store.LoseAnswers(1)
		if err := repo.CreateRef(t.Context(), "MBX:a", 1, ref); err != nil {
			t.Errorf("CreateRef: %v", err)
		}
		if err := repo.CreateRef(t.Context(), "MBX:a", 1, []byte("another")); !errors.Is(err, repository.ErrRefExists) {
			t.Errorf("another ref: %v", err)
		}
	})
}

// TestRefusedUnread: if a store closes the connection on a write that it refuses, the repository
// asks whether the object exists instead of sending it again and again.
func TestRefusedUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		repo := newRepository(t, store)
		pack, ref := []byte("a pack"), []byte("a ref")
		d := manifest.SumOf(pack)
		if _, err := repo.PutPack(t.Context(), d, pack); err != nil {
			t.Fatal(err)
		}
		if err := repo.CreateRef(t.Context(), "MBX:a", 1, ref); err != nil {
			t.Fatal(err)
		}
		store.CutRefused()
		store.Calls()
		if _, err := repo.PutPack(t.Context(), d, pack); err != nil {
			t.Errorf("PutPack: %v", err)
		}
		if calls := store.Calls(); calls.Put != 1 || calls.Head != 1 {
			t.Errorf("PutPack: %+v", calls)
		}
		if _, err := repo.PutPack(t.Context(), d, []byte("a longer pack")); !errors.As(err, new(*repository.CorruptError)) {
			t.Errorf("PutPack of another size: %v", err)
		}
		if err := repo.CreateRef(t.Context(), "MBX:a", 1, ref); err != nil {
			t.Errorf("the same ref: %v", err)
		}
		if err := repo.CreateRef(t.Context(), "MBX:a", 1, []byte("another")); !errors.Is(err, repository.ErrRefExists) {
			t.Errorf("another ref: %v", err)
		}
	})
}

// TestChangedOnTheWay: an object with another digest is read again before it counts as damaged.
func TestChangedOnTheWay(t *testing.T) {
	store := memstore.New()
	repo := newRepository(t, store)
	pack := []byte("a pack")
	d := manifest.SumOf(pack)
	if _, err := repo.PutPack(t.Context(), d, pack); err != nil {
		t.Fatal(err)
	}
	store.FlipAfter(0)
	if got, err := repo.ReadPack(t.Context(), d); err != nil || !bytes.Equal(got, pack) || repo.Retries() != 1 {
		t.Errorf("changed on its way: %q, %v, %d retries", got, err, repo.Retries())
	}
	if err := store.Open().WriteAll(t.Context(), repository.PackKey(d), []byte("a park"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := repo.ReadPack(t.Context(), d); !errors.As(err, new(*repository.CorruptError)) {
		t.Errorf("damaged: %v", err)
	}
}

// TestUnreadRef: a ref that cannot be read is not reported as another run's.
func TestUnreadRef(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		repo := newRepository(t, store)
		down := time.Now().Add(20 * time.Second)
		store.Intercept(func(_ context.Context, op, _ string) error {
			if op == "get" && time.Now().Before(down) {
				return memstore.ErrBusy
			}
			return nil
		})
		store.LoseAnswers(1)
		if err := repo.CreateRef(t.Context(), "MBX:a", 1, []byte("a ref")); err == nil || errors.Is(err, repository.ErrRefExists) {
			t.Errorf("while reads fail: %v", err)
		}
		time.Sleep(20 * time.Second)
		if err := repo.CreateRef(t.Context(), "MBX:a", 1, []byte("a ref")); err != nil {
			t.Errorf("when they do not: %v", err)
		}
	})
}

// TestLongTransfer: a transfer that takes longer than the patience and fails at its end is
// repeated.
func TestLongTransfer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		repo := newRepository(t, store)
		store.SlowDown(10 * time.Minute)
		store.Stumble(1)
		pack := []byte("a pack")
		if isNew, err := repo.PutPack(t.Context(), manifest.SumOf(pack), pack); !isNew || err != nil || repo.Retries() != 1 {
			t.Errorf("PutPack: %t, %v, %d retries", isNew, err, repo.Retries())
		}
	})
}

// TestBadSector: an object that a disk cannot read is damaged. The store is not at fault.
func TestBadSector(t *testing.T) {
	store := memstore.New()
	repo := newRepository(t, store)
	store.Intercept(func(_ context.Context, op, key string) error {
		return &fs.PathError{Op: op, Path: key, Err: syscall.EIO}
	})
	if _, err := repo.ReadPack(t.Context(), manifest.Digest{1}); !errors.As(err, new(*repository.CorruptError)) || repository.IsTransient(err) {
		t.Errorf("error is %v", err)
	}
}

// TestMarkers: the objects that consoles create for folders, and other objects among refs, are not
// mailboxes.
func TestMarkers(t *testing.T) {
	store := memstore.New()
	repo := newRepository(t, store)
	if err := repo.CreateRef(t.Context(), "MBX:a", 1, []byte("a ref")); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"refs/", "refs/x", "packs/", "manifests/"} {
		if err := store.Open().WriteAll(t.Context(), key, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if ids, err := repo.Mailboxes(t.Context()); err != nil || !slices.Equal(ids, []string{"MBX:a"}) {
		t.Errorf("mailboxes are %q, %v", ids, err)
	}
}

// TestShownLate: the repository waits until the store shows an object for which it refused a
// write.
func TestShownLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		repo := newRepository(t, store)
		pack, ref := []byte("a pack"), []byte("a ref")
		d := manifest.SumOf(pack)
		if _, err := repo.PutPack(t.Context(), d, pack); err != nil {
			t.Fatal(err)
		}
		store.ShowLate(2)
		if isNew, err := repo.PutPack(t.Context(), d, pack); isNew || err != nil {
			t.Errorf("PutPack: %v, %v", isNew, err)
		}
		if err := repo.CreateRef(t.Context(), "MBX:a", 1, ref); err != nil {
			t.Fatal(err)
		}
		store.ShowLate(2)
		if err := repo.CreateRef(t.Context(), "MBX:a", 1, ref); err != nil {
			t.Errorf("the same ref: %v", err)
		}
		store.ShowLate(2)
		if err := repo.CreateRef(t.Context(), "MBX:a", 1, []byte("another")); !errors.Is(err, repository.ErrRefExists) {
			t.Errorf("another ref: %v", err)
		}
		store.ShowLate(1 << 20)
		if err := repo.CreateRef(t.Context(), "MBX:a", 1, ref); err == nil || errors.Is(err, repository.ErrRefExists) {
			t.Errorf("never seen: %v", err)
		}
		if _, err := repo.PutPack(t.Context(), d, pack); err == nil {
			t.Error("a pack that is never seen was stored")
		}
	})
}

// TestInit: a repository is not created among other objects, nor in a store that overwrites.
func TestInit(t *testing.T) {
	store := memstore.New()
	if err := store.Open().WriteAll(t.Context(), "photos/1.jpg", nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := repository.Init(t.Context(), store.Open()); !errors.Is(err, repository.ErrNotEmpty) {
		t.Errorf("among other things: %v", err)
	}
	store = memstore.New()
	store.IgnoreConditions()
	if _, err := repository.Init(t.Context(), store.Open()); !errors.Is(err, repository.ErrOverwrites) {
		t.Errorf("in a store that overwrites: %v", err)
	}
}
