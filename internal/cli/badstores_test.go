package cli_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/mailhaul/mailhaul/internal/cli"
	"github.com/mailhaul/mailhaul/internal/servers"
	"github.com/mailhaul/mailhaul/simulator"
)

// A tenant is a simulated Graph with a mailbox.
type tenant struct {
	sim *simulator.Server
	url string
}

func newTenant(t *testing.T) *tenant {
	t.Helper()
	sim, err := simulator.New(simulator.Options{Seed: 5, Items: 3, MaxItemSize: 20 << 10})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return &tenant{sim, server.URL + "/v1.0"}
}

func (g *tenant) user() string { return g.sim.Mailboxes()[0].User }

// commands returns the commands that a new user tries on a store, by name. Only doctor requests
// more than once.
func (g *tenant) commands(t *testing.T, repo string) map[string][]string {
	return map[string][]string{
		"export":  {"export", "--repo", repo, "--graph-url", g.url, "--user", g.user()},
		"verify":  {"verify", "--repo", repo},
		"extract": {"extract", "--repo", repo, "--mailbox", "MBX:x", "--out", t.TempDir()},
		"doctor":  {"doctor", "--repo", repo},
	}
}

// mailhaul runs a command line and returns its exit code and what it printed.
func mailhaul(args []string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = cli.Main(args, &out, &err)
	return code, out.String(), err.String()
}

// A badStore is a store that commands cannot use.
type badStore struct {
	place func(t *testing.T, s *servers.S3) string // sets credentials, and returns a URL
	code  int
	error string // a pattern that the line of the error has
	hint  string // one that the line of the remedy has
	only  string // the commands that it is bad for; all if empty
}

var badStores = map[string]badStore{
	"no such bucket": {
		place: func(_ *testing.T, s *servers.S3) string { return s.URL("not-there", "mail") },
		code:  1, error: `no such bucket.*bucket does not exist|list: .*bucket does not exist`, hint: `check the bucket's name`,
	},
	"no name of a bucket": {
		place: func(_ *testing.T, s *servers.S3) string { return s.URL("x", "mail") },
		code:  2, error: `"x" is no bucket`, hint: ``,
	},
	"unknown access key": {
		place: func(t *testing.T, s *servers.S3) string {
			servers.Setenv(t, "nobody", s.Secret, "")
			return s.URL("not-there", "mail")
		},
		code: 1, error: `Access Key Id you provided does not exist`, hint: `does not know the access key`,
	},
	"wrong secret": {
		place: func(t *testing.T, s *servers.S3) string {
			servers.Setenv(t, s.AccessKey, "not-the-secret", "")
			return s.URL(s.Bucket(t), "mail")
		},
		code: 1, error: `signature`, hint: `the secret does not belong to the access key`,
	},
	"wrong region": {
		place: func(t *testing.T, _ *servers.S3) string {
			return s3Answer(t, http.StatusBadRequest, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-central-1'", "eu-central-1", 0)
		},
		code: 1, error: `region`, hint: `give region=eu-central-1`,
	},
	"bucket of another region": {
		place: func(t *testing.T, _ *servers.S3) string {
			return s3Answer(t, http.StatusMovedPermanently, "PermanentRedirect", "The bucket must be addressed using the specified endpoint.", "eu-west-3", 0)
		},
		code: 1, error: `specified endpoint`, hint: `give region=eu-west-3`,
	},
	"expired session": {
		place: func(t *testing.T, _ *servers.S3) string {
			return s3Answer(t, http.StatusBadRequest, "ExpiredToken", "The provided token has expired.", "", 0)
		},
		code: 1, error: `token has expired`, hint: `get new ones`,
	},
	"clock that is off": {
		place: func(t *testing.T, _ *servers.S3) string {
			return s3Answer(t, http.StatusForbidden, "RequestTimeTooSkewed", "The difference between the request time and the server's time is too large.", "", -time.Hour)
		},
		code: 1, error: `time is too large`, hint: `clock is off`,
	},
	"web page": {
		place: func(t *testing.T, _ *servers.S3) string { return webPage(t, http.StatusOK) },
		code:  1, error: `web page|Last-Modified`, hint: `check the endpoint`,
	},
	"web page with a date": {
		place: func(t *testing.T, _ *servers.S3) string {
			return webPage(t, http.StatusOK, "Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		},
		code: 1, error: `a web page is in the place of an object`, hint: `check the endpoint`,
	},
	"page that is not found": {
		place: func(t *testing.T, _ *servers.S3) string { return webPage(t, http.StatusNotFound) },
		code:  1, error: `.`, hint: `check the endpoint`,
	},
	"login page": {
		place: func(t *testing.T, _ *servers.S3) string { return webPage(t, http.StatusForbidden) },
		code:  1, error: `.`, hint: `check the endpoint`,
	},
	"certificate that does not verify": {
		place: func(t *testing.T, s *servers.S3) string {
			server := httptest.NewTLSServer(http.NotFoundHandler())
			t.Cleanup(server.Close)
			server.Config.ErrorLog = quiet
			return fmt.Sprintf("s3://bucket/mail?endpoint=%s", url.QueryEscape(server.URL))
		},
		code: 1, error: `certificate`, hint: `ca_file=`,
	},
	"TLS where there is none": {
		place: func(t *testing.T, s *servers.S3) string {
			return fmt.Sprintf("s3://bucket/mail?endpoint=https://%s", s.Endpoint)
		},
		code: 1, error: `server gave HTTP response to HTTPS client`, hint: `plain HTTP`,
	},
	"plain HTTP where there is TLS": {
		place: func(t *testing.T, s *servers.S3) string {
			server := httptest.NewTLSServer(http.NotFoundHandler())
			t.Cleanup(server.Close)
			server.Config.ErrorLog = quiet
			return fmt.Sprintf("s3://bucket/mail?endpoint=http://%s", server.Listener.Addr())
		},
		code: 1, error: `HTTPS server`, hint: `give it as https://`,
	},
	"nobody listens": {
		place: func(t *testing.T, _ *servers.S3) string {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			l.Close()
			return fmt.Sprintf("s3://bucket/mail?endpoint=http://%s", l.Addr())
		},
		code: 1, error: `refused`, hint: `nobody listens`, only: "verify doctor",
	},
	"something else in the bucket": {
		place: func(t *testing.T, s *servers.S3) string {
			bucket := s.Bucket(t)
			put(t, s, bucket, "mail/photo.jpg", "a photo")
			return s.URL(bucket, "mail")
		},
		code: 1, error: `photo.jpg is there`, hint: `a prefix of its own`, only: "export doctor",
	},
	"another config.json": {
		place: func(t *testing.T, s *servers.S3) string {
			bucket := s.Bucket(t)
			put(t, s, bucket, "mail/config.json", `{"format":1}`)
			return s.URL(bucket, "mail")
		},
		code: 1, error: `config.json: it is not what was written`, hint: `not what was written; restore it`,
	},
	"empty part in the prefix": {
		place: func(_ *testing.T, s *servers.S3) string { return s.URL("bucket", "a//b") },
		code:  2, error: `the prefix "a//b"`, hint: ``,
	},
	"odd character in the prefix": {
		place: func(_ *testing.T, s *servers.S3) string { return s.URL("bucket", "a%7Cb") },
		code:  2, error: `the prefix "a\|b"`, hint: ``,
	},
	"only reading": {
		place: func(t *testing.T, s *servers.S3) string { return restricted(t, s, "s3:GetObject", "s3:ListBucket") },
		code:  1, error: `write .*Access Denied`, hint: `may not do this.*s3:PutObject`, only: "export doctor",
	},
	"only reading a repository": {
		place: func(t *testing.T, s *servers.S3) string { return existing(t, s, "s3:GetObject", "s3:ListBucket") },
		code:  1, error: `write .*Access Denied`, hint: `may not do this.*s3:PutObject`, only: "export doctor",
	},
	"no listing": {
		place: func(t *testing.T, s *servers.S3) string {
			return existing(t, s, "s3:GetObject", "s3:PutObject", "s3:DeleteObject")
		},
		code: 1, error: `list.*Access Denied`, hint: `may not do this.*s3:ListBucket`, only: "export verify doctor",
	},
	"no reading": {
		place: func(t *testing.T, s *servers.S3) string { return existing(t, s, "s3:ListBucket", "s3:PutObject") },
		code:  1, error: `read .*Access Denied`, hint: `may not do this.*s3:GetObject`,
	},
}

// TestBadStores: whatever is wrong with a store is reported in one line, with what to do in the
// next, before an item is exported. Nothing is written, and no secret is printed.
func TestBadStores(t *testing.T) {
	server := servers.MinIO(t)
	graph := newTenant(t)
	for name, bad := range badStores {
		t.Run(name, func(t *testing.T) {
			server.Setenv(t)
			repo := bad.place(t, server)
			before := contents(t, server)
			checkBad(t, graph, repo, bad, server.Secret, "not-the-secret", os.Getenv("AWS_SECRET_ACCESS_KEY"))
			if after := contents(t, server); after != before {
				t.Errorf("written: %s\nbefore: %s", after, before)
			}
		})
	}
	if n := graph.sim.Stats().Requests[simulator.OpExport]; n > 0 {
		t.Errorf("%d exports", n)
	}
}

// checkBad runs the commands on a bad store. None may print a secret.
func checkBad(t *testing.T, graph *tenant, repo string, bad badStore, secrets ...string) {
	t.Helper()
	for command, args := range graph.commands(t, repo) {
		if bad.only != "" && !strings.Contains(bad.only, command) {
			continue
		}
		code, stdout, stderr := mailhaul(args)
		if code != bad.code {
			t.Errorf("%s: exit code is %d\n%s%s", command, code, stdout, stderr)
		}
		if command == "doctor" && code == 1 {
			checkTable(t, stdout, bad)
		} else {
			checkLines(t, command, stderr, bad)
		}
		for _, secret := range secrets {
			if strings.Contains(stdout+stderr, secret) {
				t.Errorf("%s shows a secret:\n%s%s", command, stdout, stderr)
			}
		}
	}
}

// checkLines checks the last two lines, which are the error and its remedy.
func checkLines(t *testing.T, command, stderr string, bad badStore) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
	line, remedy := lines[len(lines)-1], ""
	if bad.hint != "" && len(lines) > 1 {
		line, remedy = lines[len(lines)-2], lines[len(lines)-1]
	}
	if !strings.HasPrefix(line, "mailhaul: ") || !regexp.MustCompile(bad.error).MatchString(line) {
		t.Errorf("%s: the error is not %q:\n%s", command, bad.error, stderr)
	}
	if bad.hint != "" && (!strings.HasPrefix(remedy, "  ") || !regexp.MustCompile(bad.hint).MatchString(remedy)) {
		t.Errorf("%s: the remedy is not %q:\n%s", command, bad.hint, stderr)
	}
}

// checkTable checks that a check of doctor failed with the error, and the remedy under it.
func checkTable(t *testing.T, stdout string, bad badStore) {
	t.Helper()
	want := regexp.MustCompile(`(?m)^.{23} failed .*(` + bad.error + `).*\n +→ .*` + bad.hint)
	if !want.MatchString(stdout) {
		t.Errorf("doctor does not print %q and %q:\n%s", bad.error, bad.hint, stdout)
	}
}

// contents returns the keys of all objects in all buckets except scratch ones, sorted.
func contents(t *testing.T, s *servers.S3) string {
	t.Helper()
	buckets, err := s.Client.ListBuckets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, b := range buckets {
		for o := range s.Client.ListObjects(t.Context(), b.Name, minio.ListObjectsOptions{Recursive: true}) {
			if o.Err != nil {
				t.Fatal(o.Err)
			}
			if !strings.Contains(o.Key, "/doctor/") { // what doctor could not delete
				all = append(all, b.Name+"/"+o.Key)
			}
		}
	}
	return strings.Join(all, " ")
}

func put(t *testing.T, s *servers.S3, bucket, key, text string) {
	t.Helper()
	_, err := s.Client.PutObject(t.Context(), bucket, key, strings.NewReader(text), int64(len(text)), minio.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// restricted sets credentials that allow some actions, and returns an empty URL.
func restricted(t *testing.T, s *servers.S3, actions ...string) string {
	t.Helper()
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["%s"],"Resource":["arn:aws:s3:::*"]}]}`,
		strings.Join(actions, `","`))
	key, secret, token := s.Restricted(t, policy)
	servers.Setenv(t, key, secret, token)
	return s.URL(s.Bucket(t), "mail")
}

// existing is restricted for a URL with a repository.
func existing(t *testing.T, s *servers.S3, actions ...string) string {
	t.Helper()
	s.Setenv(t)
	g := newTenant(t)
	repo := s.URL(s.Bucket(t), "mail")
	if code, _, stderr := mailhaul(g.commands(t, repo)["export"]); code != 0 {
		t.Fatal(stderr)
	}
	restricted(t, s, actions...)
	return repo
}

// s3Answer starts a server that refuses all requests like S3, with a wrong clock.
func s3Answer(t *testing.T, status int, code, message, region string, off time.Duration) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/xml")
		h.Set("X-Amz-Request-Id", "4442587FB7D0A2F9")
		h.Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
		if region != "" {
			h.Set("X-Amz-Bucket-Region", region)
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message><RequestId>4442587FB7D0A2F9</RequestId></Error>`, code, message)
	}))
	t.Cleanup(server.Close)
	return "s3://bucket/mail?region=us-east-1&endpoint=" + url.QueryEscape(server.URL)
}

// webPage starts a web server that is not a store.
func webPage(t *testing.T, status int, header ...string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if len(header) > 0 {
			w.Header().Set(header[0], header[1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, "<html>\n<body>It works!\n</body></html>\n")
	}))
	t.Cleanup(server.Close)
	return "s3://bucket/mail?endpoint=" + url.QueryEscape(server.URL)
}

// quiet discards the log of servers whose clients disconnect.
var quiet = log.New(io.Discard, "", 0)
