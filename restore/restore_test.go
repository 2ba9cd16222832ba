package restore_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/restore"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A vault is a repository with three snapshots of a simulated mailbox.
type vault struct {
	t       *testing.T
	store   *memstore.Store
	bucket  *blob.Bucket
	repo    *repository.Repository
	sim     *simulator.Server
	client  *graph.Client
	mailbox string
}

func newVault(t *testing.T, opts simulator.Options) *vault {
	t.Helper()
	opts.Mailboxes = 1
	sim, err := simulator.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	client, err := graph.New(graph.Options{BaseURL: server.URL + "/v1.0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	store := memstore.New()
	v := &vault{t: t, store: store, bucket: store.Open(), sim: sim, client: client, mailbox: sim.Mailboxes()[0].ID}
	if v.repo, err = repository.Init(t.Context(), v.bucket); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.repo.Close() })
	for i := range 3 {
		v.export()
		if i == 0 {
			err = sim.Delete(v.mailbox, v.firstItem())
		} else {
			err = sim.Touch(v.mailbox, v.firstItem())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return v
}

// export adds a snapshot.
func (v *vault) export() {
	v.t.Helper()
	job := pipeline.Job{
		Source: v.client.Open(v.mailbox), Repository: v.repo,
		Mailbox: manifest.Mailbox{ID: v.mailbox}, Graph: manifest.Graph{Version: "v1.0"},
	}
	if _, err := pipeline.Run(v.t.Context(), job, pipeline.Options{}); err != nil {
		v.t.Error(err)
	}
}

// acknowledge adds an acknowledgement about the mailbox, and returns it.
func (v *vault) acknowledge() snapshots.Ack {
	v.t.Helper()
	now := time.Now().UTC()
	ack, err := snapshots.PutAck(v.t.Context(), v.repo, manifest.Ack{
		Format: 1, Mailbox: v.mailbox, Kind: manifest.AckShort, Folder: "folder", Missing: 1,
		By: "ops@host", Reason: "known", Created: now, Until: now.AddDate(1, 0, 0),
	})
	if err != nil {
		v.t.Fatal(err)
	}
	return ack
}

// firstItem returns the id of an item of the mailbox.
func (v *vault) firstItem() string {
	for item := range v.sim.Items(v.mailbox) {
		return item.ID
	}
	return ""
}

func (v *vault) verify(opts restore.VerifyOptions) *restore.Verification {
	v.t.Helper()
	result, err := restore.Verify(v.t.Context(), v.repo, opts)
	if err != nil {
		v.t.Fatal(err)
	}
	return result
}

func (v *vault) keys(prefix string) (keys []string) {
	v.t.Helper()
	for o, err := range v.repo.Objects(v.t.Context()) {
		if err != nil {
			v.t.Fatal(err)
		}
		if strings.HasPrefix(o.Key, prefix) {
			keys = append(keys, o.Key)
		}
	}
	return keys
}

func (v *vault) read(key string) []byte {
	v.t.Helper()
	data, err := v.bucket.ReadAll(v.t.Context(), key)
	if err != nil {
		v.t.Fatal(err)
	}
	return data
}

func (v *vault) write(key string, data []byte) {
	v.t.Helper()
	if err := v.bucket.WriteAll(v.t.Context(), key, data, nil); err != nil {
		v.t.Fatal(err)
	}
}

func TestIntact(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 1, Items: 150, MaxItemSize: 200 << 10})
	got := v.verify(restore.VerifyOptions{})
	if got.Found != 0 || got.Snapshots != 3 || got.Mailboxes != 1 || got.Items != 149 || got.Packs < 1 || got.Unreferenced != 0 || got.Foreign != 0 {
		t.Errorf("verification is %+v", got)
	}
	one := v.verify(restore.VerifyOptions{Mailboxes: []string{v.mailbox}})
	if one.Found != 0 || one.Packs != got.Packs || one.Rows != got.Rows {
		t.Errorf("verification of the mailbox is %+v", one)
	}
	if _, err := restore.Verify(t.Context(), v.repo, restore.VerifyOptions{Mailboxes: []string{"MBX:other"}}); !errors.Is(err, snapshots.ErrNone) {
		t.Errorf("error is %v", err)
	}
	if meta := v.verify(restore.VerifyOptions{SkipData: true}); meta.Found != 0 || meta.Packs != 0 || meta.Rows != got.Rows {
		t.Errorf("verification without data is %+v", meta)
	}
}

// TestEveryBit flips bits of every object in many places, including both ends: each is found, and
// the object is named.
func TestEveryBit(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	v := newVault(t, simulator.Options{Seed: 2, Items: 25, ItemSize: 4 << 10})
	v.acknowledge()
	for _, key := range v.keys("") {
		if key == "config.json" {
			continue
		}
		data := v.read(key)
		places := []int{0, 1, len(data) / 2, len(data) - 1, len(data) - 2}
		for range 12 {
			places = append(places, rng.IntN(len(data)))
		}
		for _, at := range places {
			bad := slices.Clone(data)
			bad[at] ^= 1 << rng.IntN(8)
			v.write(key, bad)
			got := v.verify(restore.VerifyOptions{})
			if !slices.ContainsFunc(got.Problems, func(p restore.Problem) bool { return p.Object == key }) {
				t.Errorf("%s: a bit at %d of %d was flipped; problems are %v", key, at, len(data), got.Problems)
			}
		}
		for name, bad := range map[string][]byte{"cut": data[:len(data)-1], "longer": append(slices.Clone(data), 0), "empty": nil} {
			v.write(key, bad)
			if got := v.verify(restore.VerifyOptions{}); got.Found == 0 || got.Problems[0].Object != key {
				t.Errorf("%s %s: problems are %v", key, name, got.Problems)
			}
		}
		if key == repository.RefKey(v.mailbox, 3) || strings.HasPrefix(key, "acks/") {
			v.write(key, data)
			continue // without its last ref, the repository is an intact, older one; nothing names an acknowledgement
		}
		if err := v.bucket.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		if got, err := restore.Verify(t.Context(), v.repo, restore.VerifyOptions{SkipData: true}); err == nil && got.Found == 0 {
			t.Errorf("%s was deleted, and nothing was found", key)
		}
		v.write(key, data)
	}
	if got := v.verify(restore.VerifyOptions{}); got.Found != 0 {
		t.Errorf("after the repair, problems are %v", got.Problems)
	}
}

// TestWrongManifest: a manifest whose digest is right and whose content is wrong is found.
func TestWrongManifest(t *testing.T) {
	for name, change := range map[string]func(*manifest.Snapshot){
		"items":       func(s *manifest.Snapshot) { s.Folders[0].Items++; s.Totals.Items++ },
		"bytes":       func(s *manifest.Snapshot) { s.Totals.Bytes++ },
		"fewer bytes": func(s *manifest.Snapshot) { s.Totals.Bytes-- },
		"fewer items": func(s *manifest.Snapshot) {
			i := slices.IndexFunc(s.Folders, func(f manifest.Folder) bool { return f.Items > 0 })
			s.Folders[i].Items--
			s.Totals.Items--
		},
		"parent":  func(s *manifest.Snapshot) { s.Parent = manifest.SumOf([]byte("x")) },
		"rows":    func(s *manifest.Snapshot) { s.Segments[0].Rows++ },
		"size":    func(s *manifest.Snapshot) { s.Segments[0].Size++ },
		"segment": func(s *manifest.Snapshot) { s.Segments[0].SHA256 = manifest.SumOf([]byte("x")) },
		"mailbox": func(s *manifest.Snapshot) { s.Mailbox.ID = "MBX:other" },
		"number":  func(s *manifest.Snapshot) { s.Sequence++ },
		"fewer":   func(s *manifest.Snapshot) { s.Segments = s.Segments[:0] },
	} {
		v := newVault(t, simulator.Options{Seed: 3, Items: 20, ItemSize: 3 << 10})
		s, err := snapshots.Latest(t.Context(), v.repo, v.mailbox)
		if err != nil {
			t.Fatal(err)
		}
		key := repository.RefKey(v.mailbox, s.Sequence)
		change(s.Snapshot)
		data, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		digest := manifest.SumOf(data)
		ref, err := s.Ref(digest).Encode()
		if err != nil {
			t.Fatal(err)
		}
		v.write(repository.ManifestKey(digest), data)
		v.write(key, ref)
		if got := v.verify(restore.VerifyOptions{}); got.Found == 0 {
			t.Errorf("%s: nothing was found", name)
		}
	}
}

// TestDamageIsLocal: everything else is checked in spite of a damaged pack, and no wrong byte is
// extracted.
func TestDamageIsLocal(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 4, Items: 30, ItemSize: 5 << 10})
	packs := v.keys("packs/")
	data := v.read(packs[0])
	data[len(data)/3] ^= 4
	v.write(packs[0], data)
	segments := v.keys("manifests/")
	got := v.verify(restore.VerifyOptions{})
	if got.Found != 1 || got.Snapshots != 3 || int(got.Segments) >= len(segments) || got.Items != 29 {
		t.Errorf("verification is %+v", got)
	}
	s, err := snapshots.Latest(t.Context(), v.repo, v.mailbox)
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]string{}
	err = restore.Extract(t.Context(), v.repo, s, t.TempDir(), nil, func(e restore.Extracted) error { written[e.ID] = e.Path; return nil })
	if err == nil || !strings.Contains(err.Error(), packs[0]) && !strings.Contains(err.Error(), "packs/") {
		t.Errorf("error is %v", err)
	}
}

// TestVerifyOneMailbox: the packs that one mailbox needs are read. A store that fails while they
// are chosen ends the verification.
func TestVerifyOneMailbox(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 4, Items: 30, ItemSize: 5 << 10})
	opts := restore.VerifyOptions{Mailboxes: []string{v.mailbox}}
	if got := v.verify(opts); got.Found != 0 || int(got.Packs) != len(v.keys("packs/")) {
		t.Errorf("verification is %+v", got)
	}
	v.store.Intercept(func(_ context.Context, op, key string) error {
		if op == "get" && strings.HasSuffix(key, ".jsonl.zst") {
			v.store.Intercept(nil)
			return memstore.ErrDenied
		}
		return nil
	})
	if got, err := restore.Verify(t.Context(), v.repo, opts); err == nil {
		t.Errorf("verification is %+v", got)
	}
	// The packs of other segments are read in spite of a damaged segment.
	for _, key := range v.keys("packs/") {
		data := bytes.Clone(v.read(key))
		data[len(data)/2] ^= 1
		v.write(key, data)
	}
	var segments []string
	for _, key := range v.keys("manifests/") {
		if strings.HasSuffix(key, ".jsonl.zst") {
			segments = append(segments, key)
		}
	}
	for _, key := range segments {
		data := v.read(key)
		v.write(key, data[1:])
		if got := v.verify(opts); int(got.Found) < len(v.keys("packs/")) {
			t.Errorf("with %s damaged, verification is %+v", key, got)
		}
		v.write(key, data)
	}
}

// TestVerifyDuringExport: snapshots that are committed during a verification are ignored.
func TestVerifyDuringExport(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 4, Items: 30, ItemSize: 5 << 10})
	for _, at := range []string{"list", "get"} {
		if err := v.sim.Touch(v.mailbox, v.firstItem()); err != nil {
			t.Fatal(err)
		}
		var began atomic.Bool
		v.store.Intercept(func(_ context.Context, op, key string) error {
			if op == at && (op == "get" || key == "") && !began.Swap(true) { // "" lists all objects
				v.store.Intercept(nil)
				v.export()
			}
			return nil
		})
		if got := v.verify(restore.VerifyOptions{}); got.Found != 0 {
			t.Errorf("verification is %+v", got)
		}
	}
	if got := v.verify(restore.VerifyOptions{}); got.Found != 0 || got.Snapshots != 5 {
		t.Errorf("afterwards, verification is %+v", got)
	}
}

// TestListedAndDeleted: an object that was listed and does not exist is a problem only if a
// snapshot needs it.
func TestListedAndDeleted(t *testing.T) {
	for _, needed := range []bool{false, true} {
		for _, prefix := range []string{"packs/", "manifests/"} {
			v := newVault(t, simulator.Options{Seed: 4, Items: 30, ItemSize: 5 << 10})
			var all []string
			for _, key := range v.keys(prefix) {
				if prefix == "packs/" || strings.HasSuffix(key, ".jsonl.zst") {
					all = append(all, key)
				}
			}
			key := all[0]
			if !needed {
				data := []byte("nobody needs it")
				key = repository.PackKey(manifest.SumOf(data))
				if prefix != "packs/" {
					key = repository.SegmentKey(manifest.SumOf(data))
				}
				v.write(key, data)
			}
			v.store.Intercept(func(_ context.Context, op, at string) error {
				if op == "get" && at == key {
					v.store.Intercept(nil)
					return v.bucket.Delete(t.Context(), key)
				}
				return nil
			})
			if got := v.verify(restore.VerifyOptions{}); got.Found > 0 != needed || got.Unreferenced > 0 && !needed {
				t.Errorf("%s, needed %t: verification is %+v", key, needed, got)
			}
		}
	}
}

// TestForeignAmongRefs: an object below refs/ that is not a ref is foreign, and not a mailbox.
func TestForeignAmongRefs(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 4, Items: 30, ItemSize: 5 << 10})
	v.write("refs/notes/readme.txt", nil)
	v.write("refs/", nil)
	if got := v.verify(restore.VerifyOptions{}); got.Found != 0 || got.Mailboxes != 1 || got.Foreign != 2 {
		t.Errorf("verification is %+v", got)
	}
	if _, err := restore.Verify(t.Context(), v.repo, restore.VerifyOptions{Mailboxes: []string{"notes"}}); !errors.Is(err, snapshots.ErrNone) {
		t.Errorf("error is %v", err)
	}
}

func (v *vault) extract(dir string, ids ...string) (map[string]restore.Extracted, error) {
	v.t.Helper()
	s, err := snapshots.Latest(v.t.Context(), v.repo, v.mailbox)
	if err != nil {
		v.t.Fatal(err)
	}
	done := map[string]restore.Extracted{}
	err = restore.Extract(v.t.Context(), v.repo, s, dir, ids, func(e restore.Extracted) error { done[e.ID] = e; return nil })
	return done, err
}

// TestExtract: every item is extracted below the directory, byte for byte as Graph sent it, whether
// it has one chunk or several.
func TestExtract(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 5, Items: 120, MaxItemSize: 6 << 20})
	big, err := v.sim.Add(v.mailbox, "inbox")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	done, err := v.extract(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for item := range v.sim.Items(v.mailbox) {
		if item.ID == big {
			continue // added after the last snapshot
		}
		var want bytes.Buffer
		if err := v.sim.WriteItem(&want, v.mailbox, item.ID); err != nil {
			t.Fatal(err)
		}
		e, ok := done[item.ID]
		if !ok || !filepath.IsLocal(e.Path) || !strings.HasSuffix(e.Path, ".fts") {
			t.Fatalf("item %s: %+v", item.ID, e)
		}
		got, err := os.ReadFile(filepath.Join(dir, e.Path))
		// The item that changed after the last run differs from its source.
		if err != nil || manifest.SumOf(got) != e.SHA256 || n > 0 && !bytes.Equal(got, want.Bytes()) {
			t.Errorf("item %s was extracted differently, %v", item.ID, err)
		}
		n++
	}
	if n != len(done) {
		t.Errorf("%d items were extracted, expected %d", len(done), n)
	}
	if err := filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(p, ".part") {
			t.Errorf("%s was left", p)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// TestExtractChangedInTransit: whichever read has a flipped bit, the object is read again.
func TestExtractChangedInTransit(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 8, Items: 30, MaxItemSize: 6 << 20})
	want, err := v.extract(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := snapshots.Latest(t.Context(), v.repo, v.mailbox)
	if err != nil {
		t.Fatal(err)
	}
	for reads := 0; ; reads++ {
		v.store.Calls()
		v.store.FlipAfter(reads)
		got := map[string]restore.Extracted{}
		err := restore.Extract(t.Context(), v.repo, s, t.TempDir(), nil, func(e restore.Extracted) error { got[e.ID] = e; return nil })
		if err != nil || !maps.Equal(got, want) {
			t.Fatalf("bit flipped in read %d: %d items of %d, %v", reads, len(got), len(want), err)
		}
		if v.store.Calls().Get <= reads {
			break // all of them were tried
		}
	}
}

func TestExtractAgain(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 6, Items: 12, ItemSize: 4 << 10})
	dir := t.TempDir()
	first, err := v.extract(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := v.extract(dir); err != nil || len(again) != len(first) {
		t.Errorf("%d items again, %v", len(again), err)
	}
	var id string
	for id = range first {
		break
	}
	if one, err := v.extract(t.TempDir(), id); err != nil || len(one) != 1 {
		t.Errorf("%d items, %v", len(one), err)
	}
	if _, err := v.extract(dir, id, "nonsense"); !errors.Is(err, restore.ErrNoItem) {
		t.Errorf("error is %v", err)
	}
	file := filepath.Join(dir, first[id].Path)
	if err := os.WriteFile(file, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := v.extract(dir, id); !errors.Is(err, restore.ErrDiffers) {
		t.Errorf("error is %v", err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "mine" {
		t.Errorf("the file was replaced by %q, %v", got, err)
	}
	// The remains of a killed run are replaced.
	if err := os.Rename(file, file+".part"); err != nil {
		t.Fatal(err)
	}
	if _, err := v.extract(dir, id); err != nil {
		t.Error(err)
	}
}

// TestExtractStaysInside: a link below the directory that leads out of it is not followed.
func TestExtractStaysInside(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 7, Items: 12, ItemSize: 4 << 10})
	first, err := v.extract(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir, outside := t.TempDir(), t.TempDir()
	for _, e := range first {
		top, _, _ := strings.Cut(filepath.ToSlash(e.Path), "/")
		if err := os.Symlink(outside, filepath.Join(dir, top)); err != nil && !errors.Is(err, fs.ErrExist) {
			t.Skip("no symbolic links here:", err)
		}
	}
	if _, err := v.extract(dir); err == nil {
		t.Error("a link was followed")
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
		t.Errorf("%d files were written outside, %v", len(left), err)
	}
}

func TestExtractCancelled(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 8, Items: 12, ItemSize: 4 << 10})
	s, err := snapshots.Latest(t.Context(), v.repo, v.mailbox)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	err = restore.Extract(ctx, v.repo, s, t.TempDir(), nil, func(restore.Extracted) error { n++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || n != 1 {
		t.Errorf("%d items, error is %v", n, err)
	}
}

// TestVerifyCancelled: a verification that the caller cancels is an error.
func TestVerifyCancelled(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 9, Items: 12, ItemSize: 4 << 10})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := restore.Verify(ctx, v.repo, restore.VerifyOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("verification is %+v, error is %v", got, err)
	}
}

// TestAcks: acknowledgements are neither foreign nor unreferenced. One of another mailbox than its
// key says, or that the format does not allow, is damaged.
func TestAcks(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 9, Items: 25, ItemSize: 4 << 10})
	ack := v.acknowledge()
	for _, opts := range []restore.VerifyOptions{{}, {SkipData: true}, {Mailboxes: []string{v.mailbox}}} {
		if got := v.verify(opts); got.Found != 0 || got.Acks != 1 || got.Foreign != 0 || got.Unreferenced != 0 {
			t.Errorf("verification is %+v", got)
		}
	}
	data := v.read(repository.AckKey(v.mailbox, ack.ID))
	misplaced := repository.AckKey("MBX:other", ack.ID)
	v.write(misplaced, data)
	invalid := []byte(`{"format":1,"mailbox":"` + v.mailbox + `"}`)
	malformed := repository.AckKey(v.mailbox, manifest.SumOf(invalid))
	v.write(malformed, invalid)
	got := v.verify(restore.VerifyOptions{})
	named := map[string]bool{}
	for _, p := range got.Problems {
		named[p.Object] = true
	}
	if got.Found != 2 || got.Acks != 1 || !named[misplaced] || !named[malformed] {
		t.Errorf("verification is %+v", got)
	}
	if got := v.verify(restore.VerifyOptions{Mailboxes: []string{v.mailbox}}); got.Found != 1 {
		t.Errorf("verification of the mailbox is %+v", got)
	}
}
