package sinks_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/sinks"
)

// TestWithOptions: parameters are added to a URL once.
func TestWithOptions(t *testing.T) {
	odd := map[string]string{"tags": "a=b&c,d=é", "ca_file": "/a b.pem"}
	for _, c := range []struct {
		url     string
		options map[string]string
		want    string // or what the error says
		fails   bool
	}{
		{"s3://b/a b", map[string]string{"sse": "AES256"}, "s3://b/a%20b?sse=AES256", false},
		{"s3://b?region=x", odd, "s3://b?region=x&ca_file=%2Fa+b.pem&tags=a%3Db%26c%2Cd%3D%C3%A9", false},
		{"/a/path", nil, "/a/path", false},
		{"/a/path", odd, "ca_file is no option of a directory", true},
		{"s3://b?tags=a%3Db", odd, "tags is in the URL", true},
		{"s3://b:x:y", odd, "s3 URL: it names no bucket", true},
	} {
		got, err := sinks.WithOptions(c.url, c.options)
		if c.fails != (err != nil) || err == nil && got != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v", c.url, got, err)
		}
	}
}

// TestForeignOptions: each store accepts its own options and refuses those of other stores with a
// reason.
func TestForeignOptions(t *testing.T) {
	t.Setenv("STORAGE_EMULATOR_HOST", "127.0.0.1:1")
	t.Setenv("AZURE_STORAGE_ACCOUNT", "account")
	t.Setenv("AZURE_STORAGE_KEY", "a2V5")
	t.Setenv("SENTINEL", strings.Repeat("k", 32))
	const s3, az, gs, file, mem = "s3://bucket?endpoint=https://127.0.0.1:1", "azblob://c", "gs://b", "file:///tmp", "mem://"
	for _, o := range []struct {
		query string
		has   []string
	}{
		{"storage_class=STANDARD", []string{s3, gs}},
		{"access_tier=Cool", []string{az}},
		{"sse=AES256", []string{s3}},
		{"ssetype=aws:kms", []string{s3}},
		{"kms_key=k", []string{s3, gs}},
		{"kmskeyid=k", []string{s3, gs}},
		{"sse_c_key_env=SENTINEL", []string{s3}},
		{"sse_c_key_file=" + keyFile(t), []string{s3}},
		{"encryption_scope=s", []string{az}},
		{"lock_days=3&lock_mode=governance", []string{s3, az, gs}},
		{"legal_hold=true", []string{s3, az, gs}},
		{"tags=a=b", []string{s3, az}},
		{"limit_upload=1MiB", []string{s3, az, gs}},
		{"use_path_style=true", []string{s3}},
		{"nonsense=1", nil},
	} {
		for _, url := range []string{s3, az, gs, file, mem} {
			sep := "?"
			if strings.Contains(url, "?") {
				sep = "&"
			}
			bucket, err := sinks.OpenExisting(t.Context(), url+sep+o.query)
			name, _, _ := strings.Cut(o.query, "=")
			switch has := slices.Contains(o.has, url); {
			case has && err != nil:
				t.Errorf("%s with %s: %v", url, o.query, err)
			case !has && (err == nil || !strings.Contains(err.Error(), name)):
				t.Errorf("%s with %s: error is %v", url, o.query, err)
			}
			if err == nil {
				bucket.Close()
			}
		}
	}
}

// keyFile writes a customer's key into a file.
func keyFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	write(t, file, strings.Repeat("k", 32))
	return file
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
