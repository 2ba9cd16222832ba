package sinks_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/internal/servers"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

// proxied are stores behind a proxy. Each starts a server, sets the credentials for it, and
// returns the URL of an empty prefix that the proxy serves.
var proxied = map[string]func(*testing.T) (*proxy, string){
	"MinIO":     func(t *testing.T) (*proxy, string) { return proxiedS3(t, servers.MinIO(t)) },
	"VersityGW": func(t *testing.T) (*proxy, string) { return proxiedS3(t, servers.VersityGW(t)) },
	"Azurite": func(t *testing.T) (*proxy, string) {
		s := servers.Azurite(t)
		s.Setenv(t)
		p := newProxy(t, s.Endpoint, true)
		return p, s.URLAt(p.addr, s.Container(t), "mail")
	},
	"fake-gcs-server": func(t *testing.T) (*proxy, string) {
		s := servers.FakeGCS(t)
		p := newProxy(t, s.Endpoint, false)
		s.SetenvAt(t, p.addr)
		return p, s.URL(s.Bucket(t), "mail")
	},
}

func proxiedS3(t *testing.T, s *servers.S3) (*proxy, string) {
	s.Setenv(t)
	p := newProxy(t, s.Endpoint, true)
	return p, s.URLAt(p.addr, s.Bucket(t), "mail")
}

// TestFlippedOnTheWay: each store refuses an object in which a bit was flipped on its way. The
// object is sent again, and stored as it should be. If each attempt is changed, nothing is stored.
func TestFlippedOnTheWay(t *testing.T) {
	for name, start := range proxied {
		t.Run(name, func(t *testing.T) {
			p, place := start(t)
			repo, err := repository.Init(t.Context(), open(t, place))
			if err != nil {
				t.Fatal(err)
			}
			pack, ref := randomBytes(300_000), []byte("a ref")
			d := manifest.SumOf(pack)
			p.flip(2)
			if isNew, err := repo.PutPack(t.Context(), d, pack); !isNew || err != nil {
				t.Errorf("pack: %t, %v", isNew, err)
			}
			p.flip(1)
			if err := repo.CreateRef(t.Context(), "MBX:a", 1, ref); err != nil {
				t.Errorf("ref: %v", err)
			}
			if n := repo.Retries(); n != 3 {
				t.Errorf("%d calls were tried again, want 3", n)
			}
			if got, err := repo.ReadPack(t.Context(), d); err != nil || !bytes.Equal(got, pack) {
				t.Errorf("pack: %d bytes, %v", len(got), err)
			}
			if got, err := repo.ReadRef(t.Context(), "MBX:a", 1); err != nil || !bytes.Equal(got, ref) {
				t.Errorf("ref: %q, %v", got, err)
			}

			p.flip(-1)
			pack[0]++
			if _, err := repo.PutPack(impatient(t, repo), manifest.SumOf(pack), pack); err == nil || !strings.Contains(err.Error(), repository.PackKey(manifest.SumOf(pack))) {
				t.Errorf("changed at every try: %v", err)
			}
			if err := repo.CreateRef(impatient(t, repo), "MBX:a", 2, ref); err == nil {
				t.Error("a ref was created that was changed at every try")
			}
			count := 0
			for _, err := range repo.Objects(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				count++
			}
			if count != 3 {
				t.Errorf("%d objects are there, want 3", count)
			}
		})
	}
}

// impatient returns a context that ends before the repository repeats a call for the third time.
func impatient(t *testing.T, repo *repository.Repository) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	repo.SetLogger(slog.New(onRecord{slog.DiscardHandler, countdown(3, cancel)}))
	return ctx
}

// countdown returns a function that calls do when it is called for the nth time.
func countdown(n int, do func()) func() {
	return func() {
		if n--; n == 0 {
			do()
		}
	}
}

// An onRecord calls do for each record of a log.
type onRecord struct {
	slog.Handler
	do func()
}

func (o onRecord) Enabled(context.Context, slog.Level) bool  { return true }
func (o onRecord) Handle(context.Context, slog.Record) error { o.do(); return nil }

// flip makes the proxy flip a bit in each of the next n writes; in all writes if n is negative.
func (p *proxy) flip(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.change = func(r *http.Request, body []byte) {
		if n == 0 || !isWrite(r.Method, r.URL) {
			return
		}
		n--
		content := body
		if r.Method == http.MethodPost { // Google's: the content is after what describes it
			_, content, _ = bytes.Cut(body, []byte("\r\n\r\n"))
			_, content, _ = bytes.Cut(content, []byte("\r\n\r\n"))
			content = content[:bytes.LastIndex(content, []byte("\r\n--"))]
		}
		content[len(content)/2] ^= 1
	}
}
