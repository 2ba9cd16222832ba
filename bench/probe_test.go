package bench_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"
	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/bench"
	"github.com/mailhaul/mailhaul/bench/nowhere"
	"github.com/mailhaul/mailhaul/bench/render"
	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/internal/race"
	"github.com/mailhaul/mailhaul/internal/servers"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/sinks"
)

// A tenant is a simulated tenant with one mailbox.
type tenant struct {
	*testing.T
	sim     *simulator.Server
	client  *graph.Client
	mailbox manifest.Mailbox
}

func newTenant(t *testing.T, opts simulator.Options) *tenant {
	t.Helper()
	return newTenantIn(t, opts, onLoopback)
}

// onLoopback serves a handler on a port of loopback.
func onLoopback(t *testing.T, h http.Handler) graph.Options {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return graph.Options{BaseURL: server.URL + "/v1.0"}
}

// inProcess calls a handler without connections, which synctest does not support.
func inProcess(_ *testing.T, h http.Handler) graph.Options {
	return graph.Options{BaseURL: "http://127.0.0.1/v1.0", Transport: direct{h}}
}

// direct is a transport that calls a handler.
type direct struct{ http.Handler }

func (d direct) Do(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	rec := httptest.NewRecorder()
	d.ServeHTTP(rec, r)
	resp := rec.Result()
	resp.Request = r
	return resp, nil
}

func newTenantIn(t *testing.T, opts simulator.Options, serve func(*testing.T, http.Handler) graph.Options) *tenant {
	t.Helper()
	opts.Seed = 5
	sim, err := simulator.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	client, err := graph.New(serve(t, sim))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	m := sim.Mailboxes()[0]
	return &tenant{t, sim, client, manifest.Mailbox{ID: m.ID, User: m.User, Kind: "primary"}}
}

// options returns the options of a probe that has enough time.
func (t *tenant) options(bucket *blob.Bucket) bench.ProbeOptions {
	return bench.ProbeOptions{
		Source: t.client.Open(t.mailbox.ID), Mailbox: t.mailbox, Graph: manifest.Graph{Version: "v1.0"},
		Bucket: bucket, For: time.Minute,
	}
}

// probe measures the mailbox with a store.
func (t *tenant) probe(ctx context.Context, url string) *report.Report {
	t.Helper()
	o := t.options(open(t.T, url))
	o.URL = url
	r, err := bench.Probe(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// export exports the mailbox and commits it.
func (t *tenant) export(url string) *pipeline.Report {
	t.Helper()
	repo, err := repository.Init(t.Context(), open(t.T, url))
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	job := pipeline.Job{Source: t.client.Open(t.mailbox.ID), Repository: repo, Mailbox: t.mailbox, Graph: manifest.Graph{Version: "v1.0"}}
	r, err := pipeline.Run(t.Context(), job, pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func open(t *testing.T, url string) *blob.Bucket {
	t.Helper()
	bucket, err := sinks.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return bucket
}

// files returns the content of all files of a directory by name, and the folders.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			found[path] = "folder"
			return err
		}
		data, err := os.ReadFile(path)
		found[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// checkProbe checks a report for completeness and for counts that add up.
func checkProbe(t *testing.T, r *report.Report) *report.Run {
	t.Helper()
	if r.Tenant == nil || len(r.Scenarios) != 1 || len(r.Scenarios[0].Contenders) != 1 || len(r.Scenarios[0].Contenders[0].Runs) != 1 {
		t.Fatalf("want one run: %+v", r)
	}
	run := &r.Scenarios[0].Contenders[0].Runs[0]
	e := run.Reports[0]
	if e.Listed != e.Exported+e.Skipped+e.Failed+e.Gone+e.LeftOut+e.Pending || run.Items != e.Exported || run.Bytes != e.Bytes.Raw {
		t.Errorf("the counts do not add up: %+v, %+v", run, e)
	}
	if run.Items == 0 || run.Bytes == 0 || run.Stored == 0 || run.Requests == 0 || run.CPU() <= 0 || run.Seconds <= 0 {
		t.Errorf("something was not measured: %+v", run)
	}
	last := run.Samples[len(run.Samples)-1]
	if last.Items != run.Items || last.Bytes < run.Bytes {
		t.Errorf("the last sample is %+v; %d items of %d bytes were stored", last, run.Items, run.Bytes)
	}
	for i := 1; i < len(run.Samples); i++ {
		if a, b := run.Samples[i-1], run.Samples[i]; b.Seconds < a.Seconds || b.Items < a.Items || b.Bytes < a.Bytes {
			t.Errorf("sample %d goes back: %+v, %+v", i, a, b)
		}
	}
	if r.Tenant.Expansion <= 0.1 || r.Tenant.Expansion > 100 {
		t.Errorf("the expansion is %g", r.Tenant.Expansion)
	}
	if len(r.Tenant.Advice) == 0 || r.Tenant.Bottleneck == "" {
		t.Errorf("there is no advice: %+v", r.Tenant)
	}
	return run
}

// TestProbeDirectory measures a whole mailbox with a directory that has a repository, which stays
// as it is.
func TestProbeDirectory(t *testing.T) {
	w := newTenant(t, simulator.Options{Items: 300, MaxItemSize: 100_000})
	dir := filepath.Join(t.TempDir(), "mail")
	exported := w.export(dir)
	before := files(t, dir)
	r := w.probe(t.Context(), dir)
	if diff := cmp.Diff(before, files(t, dir)); diff != "" {
		t.Errorf("the directory changed (-before +after):\n%s", diff)
	}
	run := checkProbe(t, r)
	if r.Tenant.Ended != report.EndedComplete || run.Items != exported.Exported || run.Bytes != exported.Bytes.Raw || r.Tenant.Leftovers != nil {
		t.Errorf("measured %d items of %d bytes, %s; the export had %d of %d", run.Items, run.Bytes, r.Tenant.Ended, exported.Exported, exported.Bytes.Raw)
	}
}

// TestProbeEndsInTime measures a part of a large mailbox.
func TestProbeEndsInTime(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector does not support this test: make test runs it again without")
	}
	synctest.Test(t, func(t *testing.T) {
		w := newTenantIn(t, simulator.Options{Items: 20_000, ItemSize: 30_000, Latency: 20 * time.Millisecond}, inProcess)
		o := w.options(nowhere.Open())
		o.For, o.Plan = 1500*time.Millisecond, bench.Plan{Mailboxes: 10, Gigabytes: 2}
		r, err := bench.Probe(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		run := checkProbe(t, r)
		if r.Tenant.Ended != report.EndedInTime || run.Items >= 20_000 || run.Seconds < 1.5 {
			t.Errorf("%d items in %.1f s, ended by %s", run.Items, run.Seconds, r.Tenant.Ended)
		}
		if e := r.Tenant.Estimate; e == nil || e.Seconds <= 0 || e.Parallel < 1 || e.Parallel > 10 || e.Bytes != 2e9 {
			t.Errorf("the estimate is %+v", e)
		}
	})
}

// TestProbeInterrupted cancels a measurement, which reports what it measured until then.
func TestProbeInterrupted(t *testing.T) {
	w := newTenant(t, simulator.Options{Items: 20_000, ItemSize: 30_000})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Skip: 30, Before: cancel})
	dir := filepath.Join(t.TempDir(), "mail")
	r := w.probe(ctx, dir)
	if run := checkProbe(t, r); r.Tenant.Ended != report.EndedInterrupted || run.Items >= 20_000 {
		t.Errorf("%d items, ended by %s", run.Items, r.Tenant.Ended)
	}
	if left := files(t, dir); len(left) != 1 {
		t.Errorf("%v stays", left)
	}
}

// TestProbeTooShort has no time for a single item: that is an error, and the store is empty.
func TestProbeTooShort(t *testing.T) {
	w := newTenant(t, simulator.Options{Items: 100, Latency: 50 * time.Millisecond})
	dir := t.TempDir()
	o := w.options(open(t, dir))
	o.For = time.Millisecond
	if r, err := bench.Probe(t.Context(), o); err == nil || r != nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the report is %+v, the error %v", r, err)
	}
	if left := files(t, dir); len(left) != 1 {
		t.Errorf("%v stays", left)
	}
}

// objects returns the ETag and time of all versions of a bucket's objects.
func objects(t *testing.T, s *servers.S3, bucket string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for o := range s.Client.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		found[o.Key+" "+o.VersionID] = o.ETag + " " + o.LastModified.String()
	}
	return found
}

// TestProbeS3 measures with a bucket that has a repository and keeps versions: all of them stay as
// they are, and no other is left.
func TestProbeS3(t *testing.T) {
	server := servers.MinIO(t)
	server.Setenv(t)
	bucket := server.Bucket(t)
	if err := server.Client.EnableVersioning(t.Context(), bucket); err != nil {
		t.Fatal(err)
	}
	w := newTenant(t, simulator.Options{Items: 300, MaxItemSize: 100_000})
	url := server.URL(bucket, "mail")
	w.export(url)
	before := objects(t, server, bucket)
	r := w.probe(t.Context(), url)
	checkProbe(t, r)
	if diff := cmp.Diff(before, objects(t, server, bucket)); diff != "" || r.Tenant.Leftovers != nil {
		t.Errorf("the bucket changed, %+v (-before +after):\n%s", r.Tenant.Leftovers, diff)
	}
}

// TestProbeLeftovers measures with credentials that may not delete.
func TestProbeLeftovers(t *testing.T) {
	server := servers.MinIO(t)
	bucket := server.Bucket(t)
	access, secret, token := server.Restricted(t, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::*"]},
		{"Effect":"Deny","Action":["s3:DeleteObject"],"Resource":["arn:aws:s3:::*"]}]}`)
	servers.Setenv(t, access, secret, token)
	w := newTenant(t, simulator.Options{Items: 100, MaxItemSize: 50_000})
	r := w.probe(t.Context(), server.URL(bucket, "mail"))
	stays := objects(t, server, bucket)
	if left := r.Tenant.Leftovers; left == nil || left.Objects != len(stays) || left.Objects < 4 || left.Bytes == 0 || left.Error == "" {
		t.Errorf("%d objects stay; the report has %+v", len(stays), left)
	}
	// A repository can share the store with leftovers.
	w.export(server.URL(bucket, "mail"))
}

// TestProbeFailedItems checks that the report shows items that Graph does not export.
func TestProbeFailedItems(t *testing.T) {
	w := newTenant(t, simulator.Options{Items: 60, ItemSize: 5000})
	broken := 0
	for item := range w.sim.Items(w.mailbox.ID) {
		if broken++; broken > 2 {
			break
		}
		w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: item.ID, Times: -1, ItemCode: "ErrorCorruptData", ItemMessage: "broken"})
	}
	r, err := bench.Probe(t.Context(), w.options(nowhere.Open()))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := render.Text(&b, r, render.Style{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(strings.Fields(b.String()), " "), "failed 2 items: ErrorCorruptData: broken") {
		t.Errorf("the failed items are missing in\n%s", &b)
	}
}
