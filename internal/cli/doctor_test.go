package cli_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/mailhaul/mailhaul/internal/servers"
	"github.com/mailhaul/mailhaul/simulator"
)

// doctor runs the command, and returns its exit code and table.
func doctor(t *testing.T, args ...string) (code int, table string) {
	t.Helper()
	code, stdout, stderr := mailhaul(append([]string{"doctor"}, args...))
	if code == 2 {
		t.Fatal(stderr)
	}
	return code, stdout
}

// expect checks that the table has a row that matches each pattern.
func expect(t *testing.T, table string, rows ...string) {
	t.Helper()
	for _, row := range rows {
		if !regexp.MustCompile(`(?m)^` + row).MatchString(table) {
			t.Errorf("no row matches %q:\n%s", row, table)
		}
	}
}

// TestDoctorStores expects that stores have what a repository needs, and that nothing remains in
// them. TestDoctorRemains covers S3.
func TestDoctorStores(t *testing.T) {
	for name, place := range map[string]func(*testing.T) string{
		"Azurite": func(t *testing.T) string {
			s := servers.Azurite(t)
			s.Setenv(t)
			return s.URL(s.Container(t), "mail")
		},
		"fake-gcs-server": func(t *testing.T) string {
			s := servers.FakeGCS(t)
			s.Setenv(t)
			return s.URL(s.Bucket(t), "mail")
		},
	} {
		t.Run(name, func(t *testing.T) {
			code, table := doctor(t, "--repo", place(t))
			if code != 0 || strings.Contains(table, "failed") {
				t.Errorf("exit code is %d\n%s", code, table)
			}
			expect(t, table, `reach +ok`, `clock +ok +within`, `one winner +ok`, `large object +ok`, `listing +ok`, `clean up +ok +nothing remains`)
		})
	}
}

// TestDoctorRemains expects that doctor writes little where nothing can be deleted, prints what
// remains, and leaves a place where a new repository can be created.
func TestDoctorRemains(t *testing.T) {
	server := servers.MinIO(t)
	graph := newTenant(t)
	for name, test := range map[string]struct {
		place func(t *testing.T) string
		rows  []string
		flags []string
	}{
		"thorough": {
			func(t *testing.T) string {
				return restricted(t, server, "s3:GetObject", "s3:PutObject", "s3:ListBucket")
			},
			[]string{`delete +note`, `listing +ok`, `large object +ok`, `clean up +note +1\d{3} objects`}, []string{"--thorough"},
		},
		"no right to delete": {
			func(t *testing.T) string {
				return restricted(t, server, "s3:GetObject", "s3:PutObject", "s3:ListBucket")
			},
			[]string{`delete +note .*Access Denied`, ` +→ an export deletes nothing`, `overwrite refused +ok`, `listing +skipped .*--thorough`,
				`large object +skipped`, `clean up +note +\d+ objects`}, nil,
		},
		"default retention": {
			func(t *testing.T) string {
				bucket := server.LockBucket(t)
				retain(t, server, bucket)
				return server.URL(bucket, "mail")
			},
			[]string{`protection +note +versions are kept, and Object Lock keeps each object: GOVERNANCE 30 days`, `delete +ok`, `large object +skipped`,
				`clean up +note +\d+ objects or versions remain`}, nil,
		},
		"versions": {
			func(t *testing.T) string {
				return server.URL(server.LockBucket(t), "mail archive/ü") + "&lock_mode=governance&lock_days=3650&legal_hold=true"
			},
			[]string{`reach +ok`, `clock +ok +within`, `protection +ok +versions are kept, and objects can be locked`, `one winner +ok`, `listing +ok`,
				`large object +ok`, `clean up +ok +nothing remains`}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			server.Setenv(t)
			repo := test.place(t)
			code, table := doctor(t, append(test.flags, "--repo", repo)...)
			if code != 0 {
				t.Errorf("exit code is %d", code)
			}
			expect(t, table, test.rows...)
			if left := versions(t, server, repo); (left == 0) != strings.Contains(table, "nothing remains") {
				t.Errorf("%d versions remain:\n%s", left, table)
			}
			if code, _, stderr := mailhaul(graph.commands(t, repo)["export"]); code != 0 {
				t.Error(stderr)
			}
			if code, stdout, _ := mailhaul(graph.commands(t, repo)["verify"]); code != 0 {
				t.Error(stdout)
			}
		})
	}
}

// retain makes a bucket retain each object for 30 days.
func retain(t *testing.T, s *servers.S3, bucket string) {
	t.Helper()
	mode, days, unit := minio.Governance, uint(30), minio.Days
	if err := s.Client.SetBucketObjectLockConfig(t.Context(), bucket, &mode, &days, &unit); err != nil {
		t.Fatal(err)
	}
}

// versions counts the versions and delete markers in the bucket of a URL.
func versions(t *testing.T, s *servers.S3, repo string) (n int) {
	t.Helper()
	u, err := url.Parse(repo)
	if err != nil {
		t.Fatal(err)
	}
	for o := range s.Client.ListObjects(t.Context(), u.Host, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		n++
	}
	return n
}

// TestDoctorOptions expects that doctor tries the store options of an export, or looks them up.
func TestDoctorOptions(t *testing.T) {
	server := servers.MinIO(t)
	servers.Setenv(t, server.AccessKey, server.Secret, "")
	bucket := server.Bucket(t)
	put(t, server, bucket, "mail/other", "so that the bulky checks are skipped")
	code, table := doctor(t, "--repo", server.URL(bucket, "mail"), "--lock-mode", "governance", "--lock-days", "1")
	if code != 1 {
		t.Errorf("exit code is %d", code)
	}
	expect(t, table, `protection +failed .*no Object Lock\n +→ create a bucket with Object Lock`)
	code, table = doctor(t, "--repo", server.URL(bucket, "mail"), "--storage-class", "NO_SUCH_CLASS")
	if code != 1 {
		t.Errorf("exit code is %d", code)
	}
	expect(t, table, `create +failed .*storage class.*\n +→ the store does not have this storage class`)
}

// TestDoctorClock expects the skew of a clock in the table.
func TestDoctorClock(t *testing.T) {
	server := servers.MinIO(t)
	server.Setenv(t)
	target, err := url.Parse("http://" + server.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	for off, row := range map[time.Duration]string{
		time.Minute: `clock +note +this machine's clock is (5[89]|6[012]) seconds behind`,
		-time.Hour:  `clock +failed +this machine's clock is (359[89]|360[012]) seconds ahead`,
	} {
		proxy := &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
			ModifyResponse: func(resp *http.Response) error {
				resp.Header.Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
				return nil
			},
		}
		front := httptest.NewServer(proxy)
		_, table := doctor(t, "--repo", server.URLAt(front.Listener.Addr().String(), "not-there", "mail"))
		front.Close()
		expect(t, table, row, `reach +failed`)
	}
}

// TestDoctorGraph expects the hints of the command line, and never the token.
func TestDoctorGraph(t *testing.T) {
	sim, err := simulator.New(simulator.Options{Seed: 5, Items: 3, RequireToken: true, Token: "a-token"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	defer server.Close()
	t.Setenv("MAILHAUL_GRAPH_TOKEN", "another-token")
	code, table := doctor(t, "--graph-url", server.URL+"/v1.0", "--user", sim.Mailboxes()[0].User)
	if code != 1 || strings.Contains(table, "another-token") {
		t.Errorf("exit code is %d\n%s", code, table)
	}
	expect(t, table, `token +ok`, `User.Read.All +failed .*401.*\n +→ check the credentials`, `MailboxItem.Export.All +skipped`)
}
