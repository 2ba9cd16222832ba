package lab

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/mailhaul/mailhaul/internal/servers"
)

// TestNoModuleVersion reads files that do not contain MinIO.
func TestNoModuleVersion(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, binary := range []string{self, "versions_test.go", "none"} {
		if v := moduleVersion(binary, "github.com/minio/minio"); v != "" {
			t.Errorf("MinIO in %s has version %q", binary, v)
		}
	}
}

// TestMinIOVersion reads the version of a server that was built from its module, and prints no
// release.
func TestMinIOVersion(t *testing.T) {
	servers.MinIO(t) // skips the test if there is none
	found, err := filepath.Glob(filepath.Join("..", "..", ".cache", "bin", "minio*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	if v := minIOVersion(found[0]); !regexp.MustCompile(`^minio v\d+\.\d+\.\d+`).MatchString(v) {
		t.Errorf("the version is %q", v)
	}
	if v := moduleVersion(found[0], "github.com/minio/minio-go/v7"); !regexp.MustCompile(`^v7\.\d+\.\d+`).MatchString(v) {
		t.Errorf("its minio-go has version %q", v)
	}
}
