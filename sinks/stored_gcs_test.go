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

	"gocloud.dev/gcerrors"

	"github.com/mailhaul/mailhaul/internal/servers"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/sinks"
)

// A resource is an object in Google's JSON API.
type resource struct {
	Size, CRC32C, StorageClass string
	TemporaryHold              bool
	Retention                  struct {
		Mode            string
		RetainUntilTime time.Time
	}
}

// TestStoredInGCS: the server holds objects with the options of the URL, according to its JSON
// API.
func TestStoredInGCS(t *testing.T) {
	s := servers.FakeGCS(t)
	s.Setenv(t)
	bucket := s.Bucket(t)
	place := s.URL(bucket, "mail/2026")
	begun := time.Now()
	held := fill(t, place, map[string]string{"storage_class": "NEARLINE", "lock_mode": "compliance", "lock_days": "30"})
	for key, data := range held.prefixed(t, place) {
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

// TestIgnoredByGCS: an option that the server ignores is sent, and is an error.
func TestIgnoredByGCS(t *testing.T) {
	s := servers.FakeGCS(t)
	p := newProxy(t, s.Endpoint, false)
	s.SetenvAt(t, p.addr)
	const key = "projects/p/locations/l/keyRings/r/cryptoKeys/k"
	for name, c := range map[string]struct {
		options map[string]string
		sent    func(url.Values, resource) bool
	}{
		"kms_key":    {map[string]string{"kms_key": key}, func(q url.Values, _ resource) bool { return q.Get("kmsKeyName") == key }},
		"legal_hold": {map[string]string{"legal_hold": "true"}, func(_ url.Values, r resource) bool { return r.TemporaryHold }},
	} {
		p.sent = nil
		place, err := sinks.WithOptions(s.URL(s.Bucket(t), "mail"), c.options)
		if err != nil {
			t.Fatal(err)
		}
		_, err = repository.Init(t.Context(), open(t, place))
		if err == nil || !strings.Contains(err.Error(), "the store ignores "+name) || gcerrors.Code(err) != gcerrors.Unimplemented {
			t.Errorf("%s: %v", name, err)
		}
		for _, w := range p.writes() {
			_, text, _ := strings.Cut(string(w.body), "{")
			var r resource
			if err := json.NewDecoder(strings.NewReader("{" + text)).Decode(&r); err != nil {
				t.Fatal(err)
			}
			if q := w.url.Query(); !c.sent(q, r) || q.Get("ifGenerationMatch") != "0" || r.CRC32C == "" {
				t.Errorf("%s: %s: %+v", name, w.url, r)
			}
		}
		if len(p.writes()) != 1 {
			t.Errorf("%s: %d writes", name, len(p.writes()))
		}
	}
}
