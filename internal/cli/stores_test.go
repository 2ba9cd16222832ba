package cli_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/mailhaul/mailhaul/internal/servers"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestStoreScripts runs scripts against each store, with its options.
func TestStoreScripts(t *testing.T) {
	s3, tls, azure, google := servers.MinIO(t), servers.MinIOTLS(t), servers.Azurite(t), servers.FakeGCS(t)
	locked := s3.LockBucket(t)
	mode, days, unit := minio.Governance, uint(1), minio.Days
	if err := s3.Client.SetObjectLockConfig(t.Context(), locked, &mode, &days, &unit); err != nil {
		t.Fatal(err)
	}
	place, _, _ := strings.Cut(tls.URL(tls.LockBucket(t), "mail"), "&ca_file=")
	runScripts(t, "testdata/stores", map[string]string{
		"AWS_ACCESS_KEY_ID": s3.AccessKey, "AWS_SECRET_ACCESS_KEY": s3.Secret, "LOCKED": s3.URL(locked, "mail"),
		"TLS": place, "CA": tls.CAFile, "TLSKEY": tls.AccessKey, "TLSSECRET": tls.Secret,
		"AZURE_STORAGE_ACCOUNT": azure.Account, "AZURE_STORAGE_KEY": azure.Key, "AZURE_STORAGE_DOMAIN": azure.Endpoint, "AZURE_STORAGE_PROTOCOL": "http",
		"AZURE": "azblob://" + azure.Container(t) + "/mail", "SECOND": "azblob://" + azure.Container(t), "STORAGE_EMULATOR_HOST": "http://" + google.Endpoint, "GOOGLE": google.URL(google.Bucket(t), "mail"),
	})
}

// TestStoreOptions exports with every option of S3, and checks each object's attributes with an
// independent client.
func TestStoreOptions(t *testing.T) {
	s := servers.MinIO(t)
	bucket := s.LockBucket(t)
	sim, err := simulator.New(simulator.Options{Items: 30, MaxItemSize: 100 << 10})
	if err != nil {
		t.Fatal(err)
	}
	graph := httptest.NewServer(sim)
	t.Cleanup(graph.Close)
	cmd := exec.Command("mailhaul", "export", "--repo", s.URL(bucket, "mail"), "--graph-url", graph.URL+"/v1.0", "--mailbox", sim.Mailboxes()[0].ID,
		"--storage-class", "REDUCED_REDUNDANCY", "--sse", "aws:kms", "--kms-key", servers.KMSKey, "--lock-mode", "compliance", "--lock-days", "2",
		"--legal-hold", "--tags", "team=mail,env=test", "--limit-upload", "100MiB/s")
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+s.AccessKey, "AWS_SECRET_ACCESS_KEY="+s.Secret)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var kinds []string
	for o := range s.Client.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		kind, _, _ := strings.Cut(strings.TrimPrefix(o.Key, "mail/"), "/")
		kinds = append(kinds, kind)
		info, err := s.Client.StatObject(t.Context(), bucket, o.Key, minio.StatObjectOptions{Checksum: true})
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"X-Amz-Storage-Class": "REDUCED_REDUNDANCY", "X-Amz-Server-Side-Encryption": "aws:kms", "X-Amz-Object-Lock-Mode": "COMPLIANCE",
			"X-Amz-Object-Lock-Legal-Hold": "ON", "X-Amz-Tagging-Count": "2",
		} {
			if got := info.Metadata.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", o.Key, name, got, want)
			}
		}
		if info.ChecksumSHA256 == "" {
			t.Errorf("%s has no checksum", o.Key)
		}
	}
	slices.Sort(kinds)
	if got := slices.Compact(kinds); !slices.Equal(got, []string{"config.json", "manifests", "packs", "refs"}) {
		t.Errorf("objects are %v", got)
	}
}
