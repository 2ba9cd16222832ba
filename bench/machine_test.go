package bench

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/mailhaul/mailhaul/internal/servers"
)

// TestNoModuleVersion: what is no Go program, or was built from something else, has none.
func TestNoModuleVersion(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, binary := range []string{self, "machine_test.go", "none"} {
		if v := moduleVersion(binary, "github.com/minio/minio"); v != "" {
			t.Errorf("MinIO in %s has version %q", binary, v)
		}
	}
}

// TestMinIOVersion: a server that was built from its module tells no release, but has a version.
func TestMinIOVersion(t *testing.T) {
	servers.MinIO(t) // skips the test where there is none
	found, err := filepath.Glob(filepath.Join("..", ".cache", "bin", "minio*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	if v := minIOVersion(found[0]); !regexp.MustCompile(`^minio v\d+\.\d+\.\d+`).MatchString(v) {
		t.Errorf("the version is %q", v)
	}
	if v := moduleVersion(found[0], "github.com/minio/minio-go/v7"); !regexp.MustCompile(`^v7\.\d+\.\d+`).MatchString(v) {
		t.Errorf("what it was built from has version %q", v)
	}
}
