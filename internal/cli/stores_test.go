package cli_test

import (
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/mailhaul/mailhaul/internal/servers"
)

// TestStoreScripts runs the commands against each store, with its options.
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
		"AZURE": "azblob://" + azure.Container(t), "STORAGE_EMULATOR_HOST": "http://" + google.Endpoint, "GOOGLE": google.URL(google.Bucket(t), "mail"),
	})
}
