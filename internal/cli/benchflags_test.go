package cli

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/bench"
)

// TestFindStore: only scenarios that store in S3 need one.
func TestFindStore(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for name, needed := range map[string]bool{"s3": true, "file": false, "nowhere": false} {
		s, _ := bench.ScenarioOf(name)
		f := &benchFlags{}
		err := f.findStore(t.Context(), []bench.Scenario{s})
		if (err != nil) != needed {
			t.Errorf("%s: %v", name, err)
		}
		if needed && !(strings.Contains(err.Error(), "--minio") && strings.Contains(err.Error(), "--repo")) {
			t.Errorf("%s: %v does not tell what to do", name, err)
		}
	}
}

// TestBenchCommand: the command of a report has no parameters of a URL, which can be secret.
func TestBenchCommand(t *testing.T) {
	before := os.Args
	defer func() { os.Args = before }()
	os.Args = []string{"/bin/mailhaul", "bench", "--scenario", "s3", "--repo", "s3://bucket/mail?endpoint=http://host&sse_c_key_file=secret"}
	opts := (&benchFlags{}).options(io.Discard)
	if want := "mailhaul bench --scenario s3 --repo s3://bucket/mail"; opts.CommandLine != want {
		t.Errorf("%s, want %s", opts.CommandLine, want)
	}
}
