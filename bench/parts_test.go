package bench_test

import (
	"bytes"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/bench"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/simulator"
)

// serve serves a simulated mailbox in this process.
func serve(t *testing.T, opts simulator.Options) (sim *simulator.Server, graphURL, mailbox string) {
	t.Helper()
	sim, err := simulator.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return sim, server.URL + "/v1.0", sim.Mailboxes()[0].ID
}

// TestBaseline: it stores every item, byte for byte.
func TestBaseline(t *testing.T) {
	sim, graphURL, mailbox := serve(t, simulator.Options{Seed: 8, Items: 130, MaxItemSize: 200_000})
	dir := t.TempDir()
	haul, err := bench.Baseline(t.Context(), graphURL, mailbox, dir)
	if err != nil {
		t.Fatal(err)
	}
	dec, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	var want bench.Haul
	for item := range sim.Items(mailbox) {
		compressed, err := os.ReadFile(filepath.Join(dir, url.QueryEscape(item.ID)+".zst"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := dec.DecodeAll(compressed, nil)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := sim.WriteItem(&b, mailbox, item.ID); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, b.Bytes()) {
			t.Errorf("item %s is stored as %d bytes that are not its own %d", item.ID, len(got), b.Len())
		}
		want.Items, want.Bytes, want.Stored = want.Items+1, want.Bytes+int64(b.Len()), want.Stored+int64(len(compressed))
	}
	if haul != want || want.Items != 130 {
		t.Errorf("it tells of %+v, there are %+v", haul, want)
	}
}

func TestBaselineFails(t *testing.T) {
	sim, graphURL, mailbox := serve(t, simulator.Options{Items: 30})
	sim.Inject(simulator.Fault{Operation: simulator.OpExport, Status: 503})
	if _, err := bench.Baseline(t.Context(), graphURL, mailbox, bench.Nowhere); err == nil {
		t.Error("a request that was refused is no error")
	}
	if _, err := bench.Baseline(t.Context(), graphURL, mailbox, "s3://bucket"); err == nil {
		t.Error("an S3 URL without an endpoint is no error")
	}
}

// TestStages: every stage is given all bytes, each once, whatever their items' sizes are.
func TestStages(t *testing.T) {
	sim, graphURL, mailbox := serve(t, simulator.Options{Seed: 9, Items: 20, MinItemSize: 3000, MaxItemSize: 6 << 20})
	var length int64
	for item := range sim.Items(mailbox) {
		var b bytes.Buffer
		if err := sim.WriteItem(&b, mailbox, item.ID); err != nil {
			t.Fatal(err)
		}
		length += int64(b.Len())
	}
	repo := nowhere(t, "")
	report, err := bench.Stages(t.Context(), graphURL, mailbox, repo, true)
	if err != nil {
		t.Fatal(err)
	}
	if report.Items != 20 || report.Bytes != length || report.Stream == 0 || report.Stream > length {
		t.Errorf("%d items of %d bytes, %d in one stream; there are %d bytes", report.Items, report.Bytes, report.Stream, length)
	}
	if len(report.Stages) != 11 {
		t.Errorf("%d stages", len(report.Stages))
	}
	out := map[string]int64{}
	for _, s := range report.Stages {
		if s.Bytes != length || s.CPU < 0 {
			t.Errorf("stage %s %s was given %d bytes of %d, in %v s", s.Name, s.Variant, s.Bytes, length, s.CPU)
		}
		out[s.Name+" "+s.Variant] = s.Out
	}
	if out["compress mailhaul"] != out["compress fastest"] || out["compress default"] == 0 || out["compress default"] > out["compress fastest"] || out["compress best"] == 0 || out["compress best"] > out["compress better"] {
		t.Errorf("levels make %v", out)
	}
	if out["upload "] <= out["compress mailhaul"] {
		t.Errorf("packs are not larger than their frames: %v", out)
	}
}

func nowhere(t *testing.T, prefix string) *repository.Repository {
	t.Helper()
	repo, err := repository.Init(t.Context(), blob.PrefixedBucket(bench.OpenNowhere(), prefix))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = repo.Close() })
	return repo
}

// TestNowhere: packs are there and cannot be read, below a prefix too; the rest is as in any store.
func TestNowhere(t *testing.T) {
	for _, prefix := range []string{"", "doctor/bench-1/"} {
		repo := nowhere(t, prefix)
		data := []byte("not really a pack")
		d := manifest.SumOf(data)
		for _, wantNew := range []bool{true, false} {
			if isNew, err := repo.PutPack(t.Context(), d, data); err != nil || isNew != wantNew {
				t.Errorf("a pack is new: %v, %v; want %v", isNew, err, wantNew)
			}
			if isNew, err := repo.PutSegment(t.Context(), d, data); err != nil || isNew != wantNew {
				t.Errorf("a segment is new: %v, %v; want %v", isNew, err, wantNew)
			}
		}
		if got, err := repo.ReadSegment(t.Context(), d, int64(len(data))); err != nil || !bytes.Equal(got, data) {
			t.Errorf("the segment is %q, %v", got, err)
		}
		if _, err := repo.ReadPack(t.Context(), d); err == nil {
			t.Errorf("a pack below %q could be read back", prefix)
		}
	}
}
