package cli

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/bench/lab"
)

// TestBenchFindS3 checks that only scenarios that store in S3 need a store, and that the error
// names the flags.
func TestBenchFindS3(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for name, needed := range map[string]bool{"s3": true, "file": false, "nowhere": false} {
		s, _ := lab.ScenarioOf(name)
		f := &benchFlags{}
		err := f.findS3(t.Context(), []lab.Scenario{s})
		if (err != nil) != needed {
			t.Errorf("%s: %v", name, err)
		}
		if needed && !(strings.Contains(err.Error(), "--minio") && strings.Contains(err.Error(), "--repo")) {
			t.Errorf("%s: %v does not say what to do", name, err)
		}
	}
}

// TestBenchCommand checks that a report's command has no parameters of a URL, which may be secret.
func TestBenchCommand(t *testing.T) {
	before := os.Args
	defer func() { os.Args = before }()
	os.Args = []string{"/bin/mailhaul", "bench", "--scenario", "s3", "--repo", "s3://bucket/mail?endpoint=http://host&sse_c_key_file=secret"}
	opts := (&benchFlags{}).options(io.Discard)
	if want := "mailhaul bench --scenario s3 --repo s3://bucket/mail"; opts.CommandLine != want {
		t.Errorf("%s, want %s", opts.CommandLine, want)
	}
}
