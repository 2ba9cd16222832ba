package sinks_test

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gocloud.dev/gcerrors"

	"github.com/mailhaul/mailhaul/internal/servers"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/sinks"
)

// TestStoredInAzure: the server holds objects with the options of the URL, according to a client
// of its own.
func TestStoredInAzure(t *testing.T) {
	s := servers.Azurite(t)
	s.Setenv(t)
	testHeldByAzure(t, s)
	testSentToAzure(t, s)
	testIgnoredByAzure(t, s)
}

func testHeldByAzure(t *testing.T, s *servers.Azure) {
	container := s.Container(t)
	place := s.URL(container, "mail/2026")
	held := fill(t, place, map[string]string{"access_tier": "cool", "tags": "team=mail,env=a b+c/d"})
	for key, data := range held.prefixed(t, place) {
		client := s.Client.ServiceClient().NewContainerClient(container).NewBlobClient(key)
		got, err := client.DownloadStream(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(got.Body); err != nil || !bytes.Equal(body, data) {
			t.Errorf("%s: %d bytes, %v", key, len(body), err)
		}
		got.Body.Close()
		props, err := client.GetProperties(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if sum := md5.Sum(data); !bytes.Equal(props.ContentMD5, sum[:]) {
			t.Errorf("%s: MD5 is %x, want %x", key, props.ContentMD5, sum)
		}
		if props.AccessTier == nil || *props.AccessTier != "Cool" {
			t.Errorf("%s: access tier is %v", key, props.AccessTier)
		}
		tags := map[string]string{}
		answer, err := client.GetTags(t.Context(), nil)
		for _, tag := range answer.BlobTagSet {
			tags[*tag.Key] = *tag.Value
		}
		if diff := cmp.Diff(map[string]string{"team": "mail", "env": "a b+c/d"}, tags); err != nil || diff != "" {
			t.Errorf("%s: tags: %v%s", key, err, diff)
		}
	}
}

// testSentToAzure checks the requests with options that the server does not have: locks and
// encryption scopes.
func testSentToAzure(t *testing.T, s *servers.Azure) {
	for mode, policy := range map[string]string{"governance": "unlocked", "compliance": "locked"} {
		p := newProxy(t, s.Endpoint, true)
		p.echo = []string{"X-Ms-Legal-Hold", "X-Ms-Encryption-Scope", "X-Ms-Immutability-Policy-Mode", "X-Ms-Immutability-Policy-Until-Date"}
		begun := time.Now()
		fill(t, s.URLAt(p.addr, s.Container(t), "mail"), map[string]string{
			"lock_mode": mode, "lock_days": "30", "legal_hold": "true", "encryption_scope": "scope-1",
		})
		if n := len(p.writes()); n < 5 {
			t.Errorf("%d writes", n)
		}
		for _, w := range p.writes() {
			sum := md5.Sum(w.body)
			for name, want := range map[string]string{
				"X-Ms-Legal-Hold": "true", "X-Ms-Encryption-Scope": "scope-1", "X-Ms-Immutability-Policy-Mode": policy,
				"Content-Md5": base64.StdEncoding.EncodeToString(sum[:]), "If-None-Match": "*",
			} {
				if got := w.header.Get(name); got != want && (name == "Content-Md5" || !strings.EqualFold(got, want)) {
					t.Errorf("%s: %s is %q, want %q", w.url.Path, name, got, want)
				}
			}
			until, err := http.ParseTime(w.header.Get("X-Ms-Immutability-Policy-Until-Date"))
			if err != nil || until.Sub(begun.AddDate(0, 0, 30)).Abs() > time.Hour {
				t.Errorf("%s: it is kept until %v, %v", w.url.Path, until, err)
			}
		}
	}
}

// testIgnoredByAzure: an option that the server ignores is an error.
func testIgnoredByAzure(t *testing.T, s *servers.Azure) {
	for name, options := range map[string]map[string]string{
		"lock_mode":        {"lock_mode": "governance", "lock_days": "1"},
		"legal_hold":       {"legal_hold": "true"},
		"encryption_scope": {"encryption_scope": "s"},
	} {
		place, err := sinks.WithOptions(s.URL(s.Container(t), "mail"), options)
		if err != nil {
			t.Fatal(err)
		}
		_, err = repository.Init(t.Context(), open(t, place))
		if err == nil || !strings.Contains(err.Error(), "the store ignores "+name) || gcerrors.Code(err) != gcerrors.Unimplemented {
			t.Errorf("%s: %v", name, err)
		}
	}
}
