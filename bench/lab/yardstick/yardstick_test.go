package yardstick_test

import (
	"bytes"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/mailhaul/mailhaul/bench/lab/yardstick"
	"github.com/mailhaul/mailhaul/bench/nowhere"
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

// content returns the bytes of an item.
func content(t *testing.T, sim *simulator.Server, mailbox, item string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := sim.WriteItem(&b, mailbox, item); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestBaseline checks that the baseline stores each item byte for byte.
func TestBaseline(t *testing.T) {
	sim, graphURL, mailbox := serve(t, simulator.Options{Seed: 8, Items: 130, MaxItemSize: 200_000})
	dir := t.TempDir()
	got, err := yardstick.Baseline(t.Context(), graphURL, mailbox, dir)
	if err != nil {
		t.Fatal(err)
	}
	dec, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	var want yardstick.BaselineReport
	for item := range sim.Items(mailbox) {
		compressed, err := os.ReadFile(filepath.Join(dir, url.QueryEscape(item.ID)+".zst"))
		if err != nil {
			t.Fatal(err)
		}
		stored, err := dec.DecodeAll(compressed, nil)
		if err != nil {
			t.Fatal(err)
		}
		data := content(t, sim, mailbox, item.ID)
		if !bytes.Equal(stored, data) {
			t.Errorf("item %s: %d stored bytes differ from its %d bytes", item.ID, len(stored), len(data))
		}
		want.Items, want.Bytes, want.Stored = want.Items+1, want.Bytes+int64(len(data)), want.Stored+int64(len(compressed))
	}
	if got != want || want.Items != 130 {
		t.Errorf("report is %+v, want %+v", got, want)
	}
}

func TestBaselineFails(t *testing.T) {
	sim, graphURL, mailbox := serve(t, simulator.Options{Items: 30})
	sim.Inject(simulator.Fault{Operation: simulator.OpExport, Status: 503})
	if _, err := yardstick.Baseline(t.Context(), graphURL, mailbox, nowhere.URL); err == nil {
		t.Error("no error of a refused request")
	}
	if _, err := yardstick.Baseline(t.Context(), graphURL, mailbox, "s3://bucket"); err == nil {
		t.Error("no error of an S3 URL without an endpoint")
	}
}

// TestStages checks that each stage gets each byte once, whatever the sizes of the items.
func TestStages(t *testing.T) {
	sim, graphURL, mailbox := serve(t, simulator.Options{Seed: 9, Items: 20, MinItemSize: 3000, MaxItemSize: 6 << 20})
	var length int64
	for item := range sim.Items(mailbox) {
		length += int64(len(content(t, sim, mailbox, item.ID)))
	}
	repo, err := repository.Init(t.Context(), nowhere.Open())
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	r, err := yardstick.Stages(t.Context(), graphURL, mailbox, repo, true)
	if err != nil {
		t.Fatal(err)
	}
	if r.Items != 20 || r.Bytes != length || r.Stream == 0 || r.Stream > length {
		t.Errorf("%d items of %d bytes, %d in one stream; want %d bytes", r.Items, r.Bytes, r.Stream, length)
	}
	if len(r.Stages) != 11 {
		t.Errorf("%d stages", len(r.Stages))
	}
	out := map[string]int64{}
	for _, s := range r.Stages {
		if s.Bytes != length || s.CPU < 0 {
			t.Errorf("stage %s %s got %d bytes of %d, in %v s", s.Name, s.Variant, s.Bytes, length, s.CPU)
		}
		out[s.Name+" "+s.Variant] = s.Out
	}
	if out["compress mailhaul"] != out["compress fastest"] || out["compress default"] == 0 || out["compress default"] > out["compress fastest"] || out["compress best"] == 0 || out["compress best"] > out["compress better"] {
		t.Errorf("output of the levels: %v", out)
	}
	if out["upload "] <= out["compress mailhaul"] {
		t.Errorf("packs are not larger than their frames: %v", out)
	}
}
