package servers

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// KMSKey is the name of the key that MinIO encrypts with.
const KMSKey = "mailhaul-key"

// MinIO starts a MinIO server, which stops when the test ends.
func MinIO(t testing.TB) *S3 {
	t.Helper()
	return startMinIO(t, "")
}

// MinIOTLS is MinIO with TLS. Its certificate is in S3.CAFile.
func MinIOTLS(t testing.TB) *S3 {
	t.Helper()
	return startMinIO(t, certificate(t, "public.crt", "private.key"))
}

func startMinIO(t testing.TB, certs string) *S3 {
	t.Helper()
	need(t, "minio", binary("minio"))
	s := &S3{AccessKey: secret(), Secret: secret()}
	data := t.TempDir()
	args := []string{"server", "--quiet", "--certs-dir", filepath.Join(data, "no-certificates")}
	if certs != "" {
		args[len(args)-1] = certs
		s.CAFile = filepath.Join(certs, "public.crt")
	}
	server{name: "minio", ready: s.ready, command: func(addr string) *exec.Cmd {
		cmd := exec.Command(binary("minio"), append(args, "--address", addr, filepath.Join(data, "data"))...)
		cmd.Env = append(os.Environ(), "MINIO_ROOT_USER="+s.AccessKey, "MINIO_ROOT_PASSWORD="+s.Secret,
			"MINIO_KMS_SECRET_KEY="+fmt.Sprintf("%s:%s", KMSKey, base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))),
			"MINIO_BROWSER=off", "MINIO_UPDATE=off", "MINIO_CI_CD=on")
		return cmd
	}}.start(t)
	return s
}
