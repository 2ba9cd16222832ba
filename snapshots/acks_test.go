package snapshots_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

const mailbox = "MBX:a@b"

var (
	now  = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	year = now.AddDate(1, 0, 0)
)

// A fixture is a repository in which gaps are acknowledged.
type fixture struct {
	t      *testing.T
	bucket *blob.Bucket
	repo   *repository.Repository
}

func newFixture(t *testing.T) *fixture {
	bucket := memblob.OpenBucket(nil)
	repo, err := repository.Init(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { repo.Close() })
	return &fixture{t, bucket, repo}
}

// put acknowledges a gap until a time.
func (f *fixture) put(gap manifest.Ack, until time.Time) snapshots.Ack {
	f.t.Helper()
	gap.Format, gap.Mailbox, gap.By, gap.Reason, gap.Created, gap.Until = 1, mailbox, "ops@host", "known", now.Add(-time.Hour), until
	ack, err := snapshots.PutAck(f.t.Context(), f.repo, gap)
	if err != nil {
		f.t.Fatal(err)
	}
	return ack
}

func (f *fixture) revoke(id manifest.Digest) {
	f.t.Helper()
	_, err := snapshots.PutAck(f.t.Context(), f.repo, manifest.Ack{
		Format: 1, Mailbox: mailbox, By: "ops@host", Reason: "mended", Created: now, Revokes: id,
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) load() *snapshots.Acks {
	f.t.Helper()
	acks, err := snapshots.LoadAcks(f.t.Context(), f.repo, mailbox)
	if err != nil {
		f.t.Fatal(err)
	}
	return acks
}

// acknowledged returns which gaps are acknowledged at a time.
func (f *fixture) acknowledged(s *manifest.Snapshot, at time.Time) snapshots.Acknowledged {
	f.t.Helper()
	c := snapshots.CoverageOf(s)
	c.Acknowledge(f.load(), at)
	if open := 3 - int(c.Acknowledged.Short+c.Acknowledged.Refused+c.Acknowledged.Failed); c.Open() != open || c.Covered() != (open == 0) ||
		len(c.Unacknowledged()) != open {
		f.t.Errorf("%d gaps are open, covered: %t, %+v", c.Open(), c.Covered(), c.Acknowledged)
	}
	return c.Acknowledged
}

// all acknowledges all gaps of a snapshot.
func (f *fixture) all(s *manifest.Snapshot, until time.Time) {
	c := snapshots.CoverageOf(s)
	for _, gap := range c.Unacknowledged() {
		f.put(gap, until)
	}
}

// TestAcknowledged: an acknowledgement does not cover a larger gap, another error, another folder
// or item, or a time after it has expired.
func TestAcknowledged(t *testing.T) {
	all := snapshots.Acknowledged{Short: 1, Refused: 1, Failed: 1}
	f := newFixture(t)
	if got := f.acknowledged(gappy(), now); got != (snapshots.Acknowledged{}) {
		t.Errorf("without acknowledgements, %+v", got)
	}
	f.all(gappy(), year)
	for name, c := range map[string]struct {
		change func(*manifest.Snapshot)
		at     time.Time
		want   snapshots.Acknowledged
	}{
		"same":             {func(*manifest.Snapshot) {}, now, all},
		"just before":      {func(*manifest.Snapshot) {}, year.Add(-time.Second), all},
		"expired":          {func(*manifest.Snapshot) {}, year, snapshots.Acknowledged{}},
		"fewer missing":    {func(s *manifest.Snapshot) { s.Folders[0].Items++ }, now, all},
		"more missing":     {func(s *manifest.Snapshot) { s.Folders[0].Items-- }, now, snapshots.Acknowledged{Refused: 1, Failed: 1}},
		"unconfirmed":      {func(s *manifest.Snapshot) { s.Folders[0].Unconfirmed = 1 }, now, snapshots.Acknowledged{Refused: 1, Failed: 1}},
		"other request":    {func(s *manifest.Snapshot) { s.Folders[2].Error = "list: 403 (request-id 2)" }, now, all},
		"other refusal":    {func(s *manifest.Snapshot) { s.Folders[2].ErrorCode = "404 x" }, now, snapshots.Acknowledged{Short: 1, Failed: 1}},
		"other failure":    {func(s *manifest.Snapshot) { s.Failures[0].Code = "x" }, now, snapshots.Acknowledged{Short: 1, Refused: 1}},
		"other item":       {func(s *manifest.Snapshot) { s.Failures[0].ID = "z" }, now, snapshots.Acknowledged{Short: 1, Refused: 1}},
		"renamed folder":   {func(s *manifest.Snapshot) { s.Folders[0].Path = []string{"Renamed"} }, now, all},
		"other folder":     {func(s *manifest.Snapshot) { s.Folders[0].ID = "z" }, now, snapshots.Acknowledged{Refused: 1, Failed: 1}},
		"refused is short": {func(s *manifest.Snapshot) { s.Folders[2].Error = "" }, now, snapshots.Acknowledged{Short: 1, Failed: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			s := gappy()
			c.change(s)
			if diff := cmp.Diff(c.want, f.acknowledged(s, c.at)); diff != "" {
				t.Errorf("acknowledged differ:\n%s", diff)
			}
		})
	}
}

// TestRevoked: a revocation revokes one acknowledgement alone, and the gap can be acknowledged
// again.
func TestRevoked(t *testing.T) {
	f := newFixture(t)
	c := snapshots.CoverageOf(gappy())
	short := c.Unacknowledged()[1]
	first := f.put(short, year)
	second := f.put(short, year.AddDate(1, 0, 0))
	f.revoke(second.ID)
	c.Acknowledge(f.load(), now)
	if k := c.Gaps.Short[0].Acknowledged; k == nil || k.ID != first.ID || k.By != "ops@host" || k.Reason != "known" || !k.Until.Equal(year) {
		t.Errorf("acknowledged is %+v", k)
	}
	f.revoke(first.ID)
	f.revoke(manifest.SumOf([]byte("nothing")))
	if got := f.acknowledged(gappy(), now); got.Short != 0 {
		t.Errorf("acknowledged is %+v", got)
	}
	for _, ack := range f.load().All() {
		if ack.Revoked == nil || ack.Revoked.Reason != "mended" || ack.Active(now) {
			t.Errorf("acknowledgement is %+v", ack)
		}
	}
	third := f.put(short, year.AddDate(2, 0, 0))
	c.Acknowledge(f.load(), now)
	if k := c.Gaps.Short[0].Acknowledged; k == nil || k.ID != third.ID {
		t.Errorf("acknowledged is %+v", k)
	}
}

// TestConcurrentAcks: acknowledgements that are put at the same time are all stored, equal ones
// once.
func TestConcurrentAcks(t *testing.T) {
	f := newFixture(t)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() { f.put(manifest.Ack{Kind: manifest.AckShort, Folder: "short", Missing: int64(1 + i/2)}, year) })
	}
	all.Wait()
	if got := len(f.load().All()); got != 10 {
		t.Errorf("%d acknowledgements, expected 10", got)
	}
}

// TestBadAcks: an object that is not an acknowledgement of the mailbox acknowledges nothing, and is
// named.
func TestBadAcks(t *testing.T) {
	f := newFixture(t)
	f.all(gappy(), year)
	good := f.load().All()[0]
	data, err := good.Encode()
	if err != nil {
		t.Fatal(err)
	}
	write := func(key string, data []byte) string {
		if err := f.bucket.WriteAll(t.Context(), key, data, nil); err != nil {
			t.Fatal(err)
		}
		return key
	}
	stored := func(text string) string {
		return write(repository.AckKey(mailbox, manifest.SumOf([]byte(text))), []byte(text))
	}
	bad := map[string]string{
		write(repository.AckKey(mailbox, manifest.SumOf([]byte("x"))), data): "its bytes have the digest",
		stored(strings.Replace(string(data), mailbox, "MBX:other", 1)):       "its mailbox is",
		stored("{}"): "format 0",
		stored("[" + strings.Repeat(`"",`, 100) + `""]`):   "cannot unmarshal",
		stored(`{"format":2}`):                             "newer",
		stored(strings.Repeat(" ", 16<<10) + string(data)): "more than",
		stored(strings.Replace(string(data), `"path":["`, `"path":[`+strings.Repeat(`"",`, 4000)+`"`, 1)): "path has",
		stored(""): "JSON",
	}
	acks := f.load()
	if len(acks.Damaged()) != len(bad) || len(acks.All()) != 3 {
		t.Errorf("%d are damaged, %d are not", len(acks.Damaged()), len(acks.All()))
	}
	for _, err := range acks.Damaged() {
		if !strings.Contains(err.Error(), bad[err.Key]) {
			t.Errorf("%v, expected %q", err, bad[err.Key])
		}
	}
	if got := f.acknowledged(gappy(), now); got != (snapshots.Acknowledged{Short: 1, Refused: 1, Failed: 1}) {
		t.Errorf("acknowledged is %+v", got)
	}
}

// TestLongNames: a gap can be acknowledged whatever the names of the folder and the item.
func TestLongNames(t *testing.T) {
	f, s := newFixture(t), gappy()
	for i := range s.Folders {
		s.Folders[i].Path = slices.Repeat([]string{strings.Repeat("\u0001", 255)}, 300)
	}
	s.Failures[0].Item.Subject = strings.Repeat("\u0001", 10_000)
	f.all(s, year)
	if got := f.acknowledged(s, now); got != (snapshots.Acknowledged{Short: 1, Refused: 1, Failed: 1}) {
		t.Errorf("acknowledged is %+v", got)
	}
}
