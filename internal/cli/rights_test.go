package cli_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/mailhaul/mailhaul/internal/servers"
)

// TestRights runs commands with the policies of docs/stores.md. The one for writing is
// sufficient for exports and copies and does not allow deletions. The one for reading is sufficient
// for the other commands and does not allow writes.
func TestRights(t *testing.T) {
	server := servers.MinIO(t)
	bucket := server.Bucket(t)
	b := newCostMailbox(t)
	url := server.URL(bucket, "mail")
	write, read := policies(t, bucket)

	as(t, server, write)
	export := []string{"export", "--graph-url", b.graph, "--mailbox", b.mailbox, "--repo", url}
	runs(t, 0, export...)
	b.change(0, 6)
	runs(t, 0, export...)
	runs(t, 0, "copy", "--from", url, "--to", t.TempDir())
	for o := range server.Client.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil || !strings.HasPrefix(o.Key, "mail/") {
			t.Errorf("%s was written, %v", o.Key, o.Err)
		}
	}
	runs(t, 1, "export", "--graph-url", b.graph, "--mailbox", b.mailbox, "--repo", server.URL(bucket, "elsewhere"))

	as(t, server, read)
	runs(t, 0, "verify", "--repo", url)
	runs(t, 0, "report", "--repo", url)
	runs(t, 0, "extract", "--repo", url, "--mailbox", b.mailbox, "--out", filepath.Join(t.TempDir(), "out"))
	runs(t, 0, "copy", "--from", url, "--to", t.TempDir())
	b.change(0, 6)
	runs(t, 1, export...)
}

// policies returns the S3 policies of docs/stores.md for a bucket.
func policies(t *testing.T, bucket string) (write, read string) {
	t.Helper()
	doc, err := os.ReadFile("../../docs/stores.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```json\n(.*?)```").FindSubmatch(doc)
	if m == nil || !bytes.Contains(m[1], []byte(`"s3:PutObject"`)) {
		t.Fatalf("docs/stores.md has no policy: %s", m)
	}
	write = strings.ReplaceAll(string(m[1]), "arn:aws:s3:::archive", "arn:aws:s3:::"+bucket)
	return write, strings.Replace(write, `, "s3:PutObject"`, "", 1)
}

// as sets the environment's credentials to ones with a policy.
func as(t *testing.T, server *servers.S3, policy string) {
	t.Helper()
	key, secret, token := server.Restricted(t, policy)
	servers.Setenv(t, key, secret, token)
}

func runs(t *testing.T, code int, args ...string) {
	t.Helper()
	cmd := exec.Command(program(t), args...)
	if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != code {
		t.Fatalf("%s: exit code %d, %v\n%s", args[0], cmd.ProcessState.ExitCode(), err, out)
	}
}
