package sinks_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/internal/servers"
)

// A resource is what Google's JSON API tells of an object.
type resource struct {
	Size, CRC32C, StorageClass string
	TemporaryHold              bool
	Retention                  struct {
		Mode            string
		RetainUntilTime time.Time
	}
}

// TestWrittenToGCS asks the server, over its JSON API, how it holds what was written with
// options.
func TestWrittenToGCS(t *testing.T) {
	s := servers.FakeGCS(t)
	s.Setenv(t)
	bucket := s.Bucket(t)
	place := s.URL(bucket, "mail/2026")
	begun := time.Now()
	held := fill(t, place, map[string]string{"storage_class": "NEARLINE", "lock_mode": "compliance", "lock_days": "30"})
	for key, data := range held.below(t, place) {
		resp, err := http.Get("http://" + s.Endpoint + "/storage/v1/b/" + bucket + "/o/" + url.PathEscape(key))
		if err != nil {
			t.Fatal(err)
		}
		var r resource
		if err := json.NewDecoder(resp.Body).Decode(&r); err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if r.CRC32C != crc32c(data) || r.StorageClass != "NEARLINE" || r.Retention.Mode != "Locked" ||
			r.Retention.RetainUntilTime.Sub(begun.AddDate(0, 0, 30)).Abs() > time.Hour {
			t.Errorf("%s: %+v", key, r)
		}
	}
}

func crc32c(data []byte) string {
	sum := binary.BigEndian.AppendUint32(nil, crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
	return base64.StdEncoding.EncodeToString(sum)
}

// TestSentToGCS looks at the requests for what the server for tests does not keep.
func TestSentToGCS(t *testing.T) {
	s := servers.FakeGCS(t)
	p := newProxy(t, s.Endpoint, false)
	s.SetenvAt(t, p.addr)
	const key = "projects/p/locations/l/keyRings/r/cryptoKeys/k"
	for mode, want := range map[string]string{"governance": "Unlocked", "compliance": "Locked"} {
		p.sent = nil
		begun := time.Now()
		fill(t, s.URL(s.Bucket(t), "mail"), map[string]string{
			"storage_class": "ARCHIVE", "kms_key": key, "lock_mode": mode, "lock_days": "30", "legal_hold": "true",
		})
		if n := len(p.writes()); n < 5 {
			t.Errorf("%d writes", n)
		}
		for _, w := range p.writes() {
			_, text, _ := strings.Cut(string(w.body), "{")
			var r resource
			if err := json.NewDecoder(strings.NewReader("{" + text)).Decode(&r); err != nil {
				t.Fatal(err)
			}
			if q := w.url.Query(); q.Get("kmsKeyName") != key || q.Get("ifGenerationMatch") != "0" {
				t.Errorf("%s", w.url)
			}
			if r.StorageClass != "ARCHIVE" || !r.TemporaryHold || r.Retention.Mode != want || r.CRC32C == "" ||
				r.Retention.RetainUntilTime.Sub(begun.AddDate(0, 0, 30)).Abs() > time.Hour {
				t.Errorf("%s: %+v", w.url, r)
			}
		}
	}
}
