package cli

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/mailhaul/mailhaul/internal/cli/internal/observe"
	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/replicate"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/restore"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/sinks"
)

func TestMetricsAddr(t *testing.T) {
	for addr, want := range map[string]string{
		"9090": "127.0.0.1:9090", ":9090": "127.0.0.1:9090", "localhost:9090": "localhost:9090", "[::1]:0": "[::1]:0",
		"0.0.0.0:9090": "0.0.0.0:9090", "[::]:9090": "[::]:9090", "nonsense:::": "nonsense:::",
	} {
		if got := metricsAddr(addr); got != want {
			t.Errorf("%s listens on %s, want %s", addr, got, want)
		}
	}
}

// An urlFinder sends the first URL that is written to it.
type urlFinder struct{ found chan string }

func (f urlFinder) Write(p []byte) (int, error) {
	if url := regexp.MustCompile(`http://[0-9.:]+`).Find(p); url != nil {
		select {
		case f.found <- string(url):
		default:
		}
	}
	return len(p), nil
}

func fetch(t *testing.T, url string) (body string, status int) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Error(err)
		return "", 0
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return string(data), resp.StatusCode
}

// TestMetrics requests the metrics during an export: they are consistent, and do not identify a
// mailbox.
func TestMetrics(t *testing.T) {
	o := newTestTenant(t, 2, 60)
	urls := urlFinder{make(chan string, 1)}
	served := make(chan string, 1)
	o.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Skip: 4, Before: func() {
		base := <-urls.found
		served <- base
		body, status := fetch(t, base+"/metrics")
		for _, want := range []string{
			`mailhaul_export_mailboxes\{state="running"\} [12]`,
			`mailhaul_export_items_expected [1-9]`,
			`mailhaul_export_items_total\{outcome="exported"\} \d`,
			`mailhaul_export_bytes_total [1-9]`,
			`mailhaul_export_requests_total [1-9]`,
			`mailhaul_export_throttled_requests_total 0`,
			`mailhaul_stage_seconds_total\{activity="waiting",stage="export"\} [0-9.e-]+`,
			`mailhaul_stage_latency_seconds\{quantile="0.99",stage="export"\} [0-9.e-]+`,
			`mailhaul_stage_units_total\{stage="export"\} [1-9]`,
			`go_goroutines \d`,
		} {
			if status != http.StatusOK || !regexp.MustCompile("(?m)^"+want).MatchString(body) {
				t.Errorf("status %d, without %s", status, want)
			}
		}
		for _, m := range o.sim.Mailboxes() {
			if strings.Contains(body, m.ID) || strings.Contains(body, m.User) {
				t.Errorf("the metrics name %s", m.ID)
			}
		}
		for path, want := range map[string]int{"/debug/pprof/": 200, "/debug/pprof/goroutine?debug=1": 200, "/debug/pprof/cmdline": 404, "/": 404} {
			if _, status := fetch(t, base+path); status != want {
				t.Errorf("%s answers %d", path, status)
			}
		}
	}})
	a := newApp(io.Discard, urls)
	root := a.root()
	m := o.sim.Mailboxes()
	root.SetArgs([]string{"export", "--metrics", "0", "--repo", o.repo, "--graph-url", o.url, "--mailbox", m[0].ID, "--mailbox", m[1].ID})
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if resp, err := http.Get(<-served + "/metrics"); err == nil {
		resp.Body.Close()
		t.Error("metrics are served when the command is over")
	}
	if _, err := a.metrics.Gather(); err != nil {
		t.Error(err)
	}
}

// TestCollectors gathers the metrics of a finished verification and a finished copy.
func TestCollectors(t *testing.T) {
	o := newTestTenant(t, 1, 30)
	if _, notes, code := o.run(t.Context(), "export"); code != exitComplete {
		t.Fatalf("export: exit code %d: %s", code, notes)
	}
	from, err := sinks.Open(t.Context(), o.repo)
	if err != nil {
		t.Fatal(err)
	}
	repo, err := repository.Open(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	to, err := repository.Init(t.Context(), memstore.New().Open())
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	var verified restore.VerifyProgress
	var copied replicate.Progress
	if _, err := restore.Verify(t.Context(), repo, restore.VerifyOptions{Progress: &verified}); err != nil {
		t.Fatal(err)
	}
	report, err := replicate.Copy(t.Context(), repo, to, replicate.Options{Progress: &copied})
	if err != nil {
		t.Fatal(err)
	}
	all := report.Copied.All()
	want := map[string]float64{
		"mailhaul_verify_packs":              1,
		"mailhaul_verify_packs_read_total":   1,
		"mailhaul_verify_read_bytes_total":   float64(report.Copied.Packs.Bytes),
		"mailhaul_copy_snapshots":            1,
		"mailhaul_copy_snapshots_done_total": 1,
		"mailhaul_copy_objects_total":        float64(all.Objects),
		"mailhaul_copy_bytes_total":          float64(all.Bytes),
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(observe.VerifyCollector(&verified), observe.CopyCollector(&copied))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			got[f.GetName()] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestProfiles: the files are complete when the command has ended. A file that cannot be created is
// wrong usage.
func TestProfiles(t *testing.T) {
	o := newTestTenant(t, 1, 20)
	cpu, trace := filepath.Join(t.TempDir(), "cpu"), filepath.Join(t.TempDir(), "trace")
	if _, notes, code := o.run(t.Context(), "export", "--cpuprofile", cpu, "--trace", trace); code != exitComplete {
		t.Errorf("export exits with %d: %s", code, notes)
	}
	for file, magic := range map[string]string{cpu: "\x1f\x8b", trace: "go 1."} {
		if data, err := os.ReadFile(file); err != nil || !bytes.HasPrefix(data, []byte(magic)) {
			t.Errorf("%s begins with %q, %v", file, data[:min(8, len(data))], err)
		}
	}
	for _, flag := range []string{"--cpuprofile", "--trace"} {
		if _, _, code := o.run(t.Context(), "verify", flag, filepath.Join(o.repo, "none", "file")); code != exitUsage {
			t.Errorf("%s to nowhere exits with %d", flag, code)
		}
	}
	if _, _, code := o.run(t.Context(), "verify", "--metrics", "no such host:1"); code != exitUsage {
		t.Errorf("metrics nowhere exits with %d", code)
	}
	o.verify()
}
