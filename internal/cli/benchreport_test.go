package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/bench/report"
)

// TestBenchReportPrinted checks that a report is printed, and written to other files, if a file
// cannot be written.
func TestBenchReportPrinted(t *testing.T) {
	dir := t.TempDir()
	html := filepath.Join(dir, "r.html")
	var out bytes.Buffer
	a := newApp(&out, &bytes.Buffer{})
	err := a.printBench(benchOutput{markdown: filepath.Join(dir, "absent", "r.md"), html: html}, &report.Report{Command: "mailhaul bench --again"})
	if err == nil || !strings.Contains(err.Error(), "absent") {
		t.Errorf("error is %v", err)
	}
	if !strings.Contains(out.String(), "mailhaul bench --again") {
		t.Errorf("stdout is %q", out.String())
	}
	if info, err := os.Stat(html); err != nil || info.Size() == 0 {
		t.Errorf("the other file: %v, %v", info, err)
	}
}

// TestBenchFileCheck checks files for reports, which stay as they are.
func TestBenchFileCheck(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("old"), []byte("kept"), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"old": true, "new": true, "absent/new": false, ".": false, "old/new": false} {
		if err := (&reportFile{name: at(name)}).check(); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if data, err := os.ReadFile(at("old")); string(data) != "kept" {
		t.Errorf("the existing file has %q, %v", data, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the directory has %v, %v", entries, err)
	}
}
