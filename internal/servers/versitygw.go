package servers

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// VersityGW starts an S3 server that stores objects as files. It stops when the test ends.
func VersityGW(t testing.TB) *S3 {
	t.Helper()
	need(t, "versitygw", binary("versitygw"))
	s := &S3{AccessKey: secret(), Secret: secret()}
	dir := t.TempDir()
	data, meta, versions := filepath.Join(dir, "data"), filepath.Join(dir, "meta"), filepath.Join(dir, "versions")
	for _, d := range []string{data, meta, versions} {
		if err := os.Mkdir(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	server{name: "versitygw", ready: s.ready, command: func(addr string) *exec.Cmd {
		return exec.Command(binary("versitygw"), "--port", addr, "--access", s.AccessKey, "--secret", s.Secret, "--quiet", "--keep-alive",
			"posix", "--sidecar", meta, "--versioning-dir", versions, data)
	}}.start(t)
	return s
}
