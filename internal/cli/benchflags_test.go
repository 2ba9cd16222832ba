package cli

import (
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
