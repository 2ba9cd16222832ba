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

// A desk is where gaps of a repository are acknowledged.
type desk struct {
	t      *testing.T
	bucket *blob.Bucket
	repo   *repository.Repository
}

func newDesk(t *testing.T) *desk {
	bucket := memblob.OpenBucket(nil)
	repo, err := repository.Init(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { repo.Close() })
	return &desk{t, bucket, repo}
}

// put acknowledges a gap until a time.
func (d *desk) put(gap manifest.Ack, until time.Time) snapshots.Ack {
	d.t.Helper()
	gap.Format, gap.Mailbox, gap.By, gap.Reason, gap.Created, gap.Until = 1, mailbox, "ops@host", "known", now.Add(-time.Hour), until
	ack, err := snapshots.PutAck(d.t.Context(), d.repo, gap)
	if err != nil {
		d.t.Fatal(err)
	}
	return ack
}

func (d *desk) revoke(id manifest.Digest) {
	d.t.Helper()
	_, err := snapshots.PutAck(d.t.Context(), d.repo, manifest.Ack{
		Format: 1, Mailbox: mailbox, By: "ops@host", Reason: "mended", Created: now, Revokes: id,
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) load() *snapshots.Acks {
	d.t.Helper()
	acks, err := snapshots.LoadAcks(d.t.Context(), d.repo, mailbox)
	if err != nil {
		d.t.Fatal(err)
	}
	return acks
}

// acknowledged returns which gaps are acknowledged at a time.
func (d *desk) acknowledged(s *manifest.Snapshot, at time.Time) snapshots.Acknowledged {
	d.t.Helper()
	c := snapshots.CoverageOf(s)
	c.Acknowledge(d.load(), at)
	if open := 3 - int(c.Acknowledged.Short+c.Acknowledged.Refused+c.Acknowledged.Failed); c.Open() != open || c.Covered() != (open == 0) ||
		len(c.Unacknowledged()) != open {
		d.t.Errorf("%d gaps are open, covered: %t, %+v", c.Open(), c.Covered(), c.Acknowledged)
	}
	return c.Acknowledged
}

// all acknowledges all gaps of a snapshot.
func (d *desk) all(s *manifest.Snapshot, until time.Time) {
	c := snapshots.CoverageOf(s)
	for _, gap := range c.Unacknowledged() {
		d.put(gap, until)
	}
}

// TestAcknowledged: what is acknowledged is the gap as it was: not a larger one, not another error,
// not that of another folder or item, and not for longer.
func TestAcknowledged(t *testing.T) {
	all := snapshots.Acknowledged{Short: 1, Refused: 1, Failed: 1}
	d := newDesk(t)
	if got := d.acknowledged(gappy(), now); got != (snapshots.Acknowledged{}) {
		t.Errorf("without a word, %+v", got)
	}
	d.all(gappy(), year)
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
			if diff := cmp.Diff(c.want, d.acknowledged(s, c.at)); diff != "" {
				t.Errorf("acknowledged differ:\n%s", diff)
			}
		})
	}
}

// TestRevoked: a revocation withdraws one acknowledgement and no other, and the same word can be
// given again.
func TestRevoked(t *testing.T) {
	d := newDesk(t)
	c := snapshots.CoverageOf(gappy())
	short := c.Unacknowledged()[1]
	first := d.put(short, year)
	second := d.put(short, year.AddDate(1, 0, 0))
	d.revoke(second.ID)
	c.Acknowledge(d.load(), now)
	if k := c.Gaps.Short[0].Acknowledged; k == nil || k.ID != first.ID || k.By != "ops@host" || k.Reason != "known" || !k.Until.Equal(year) {
		t.Errorf("acknowledged is %+v", k)
	}
	d.revoke(first.ID)
	d.revoke(manifest.SumOf([]byte("nothing")))
	if got := d.acknowledged(gappy(), now); got.Short != 0 {
		t.Errorf("acknowledged is %+v", got)
	}
	for _, ack := range d.load().All() {
		if ack.Revoked == nil || ack.Revoked.Reason != "mended" || ack.Active(now) {
			t.Errorf("acknowledgement is %+v", ack)
		}
	}
	third := d.put(short, year.AddDate(2, 0, 0))
	c.Acknowledge(d.load(), now)
	if k := c.Gaps.Short[0].Acknowledged; k == nil || k.ID != third.ID {
		t.Errorf("acknowledged is %+v", k)
	}
}

// TestAckTogether: acknowledgements from several sides at once are all there, the same one once.
func TestAckTogether(t *testing.T) {
	d := newDesk(t)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() { d.put(manifest.Ack{Kind: manifest.AckShort, Folder: "short", Missing: int64(1 + i/2)}, year) })
	}
	all.Wait()
	if got := len(d.load().All()); got != 10 {
		t.Errorf("%d acknowledgements, expected 10", got)
	}
}

// TestBadAcks: what is not an acknowledgement of the mailbox acknowledges nothing, and is named.
func TestBadAcks(t *testing.T) {
	d := newDesk(t)
	d.all(gappy(), year)
	good := d.load().All()[0]
	data, err := good.Encode()
	if err != nil {
		t.Fatal(err)
	}
	write := func(key string, data []byte) string {
		if err := d.bucket.WriteAll(t.Context(), key, data, nil); err != nil {
			t.Fatal(err)
		}
		return key
	}
	stored := func(text string) string {
		return write(repository.AckKey(mailbox, manifest.SumOf([]byte(text))), []byte(text))
	}
	bad := map[string]string{
		write(repository.AckKey(mailbox, manifest.SumOf([]byte("x"))), data): "its bytes have the digest",
		stored(strings.Replace(string(data), mailbox, "MBX:other", 1)):       "it is about mailbox",
		stored("{}"): "format 0",
		stored("[" + strings.Repeat(`"",`, 100) + `""]`):                                                  "cannot unmarshal",
		stored(`{"format":2}`):                                                                            "newer",
		stored(strings.Repeat(" ", 16<<10) + string(data)):                                   "more than",
		stored(strings.Replace(string(data), `"path":["`, `"path":[`+strings.Repeat(`"",`, 4000)+`"`, 1)): "path has",
		stored(""): "JSON",
	}
	acks := d.load()
	if len(acks.Damaged()) != len(bad) || len(acks.All()) != 3 {
		t.Errorf("%d are damaged, %d are not", len(acks.Damaged()), len(acks.All()))
	}
	for _, err := range acks.Damaged() {
		if !strings.Contains(err.Error(), bad[err.Key]) {
			t.Errorf("%v, expected %q", err, bad[err.Key])
		}
	}
	if got := d.acknowledged(gappy(), now); got != (snapshots.Acknowledged{Short: 1, Refused: 1, Failed: 1}) {
		t.Errorf("acknowledged is %+v", got)
	}
}

// TestLongNames: a gap can be acknowledged whatever people called folder and item.
func TestLongNames(t *testing.T) {
	d, s := newDesk(t), gappy()
	for i := range s.Folders {
		s.Folders[i].Path = slices.Repeat([]string{strings.Repeat("\u0001", 255)}, 300)
	}
	s.Failures[0].Item.Subject = strings.Repeat("\u0001", 10_000)
	d.all(s, year)
	if got := d.acknowledged(s, now); got != (snapshots.Acknowledged{Short: 1, Refused: 1, Failed: 1}) {
		t.Errorf("acknowledged is %+v", got)
	}
}
