package sinks_test

import (
	"path/filepath"
	"testing"
)

// TestGCSCredentialsMissing: the error of missing or malformed credentials says so and contains
// no secret.
func TestGCSCredentialsMissing(t *testing.T) {
	t.Setenv("STORAGE_EMULATOR_HOST", "")
	t.Setenv("HOME", t.TempDir())
	t.Setenv("NO_GCE_CHECK", "true")
	file := filepath.Join(t.TempDir(), "key.json")
	for _, c := range []struct{ name, text, want string }{
		{"no file", "", "no such file"},
		{"no JSON", sentinel, "credentials"},
		{"no kind of credentials", `{"type":"unheard of","private_key":"` + sentinel + `"}`, "credentials"},
		{"malformed key", `{"type":"service_account","client_email":"a@b","private_key":"` + sentinel + `"}`, "private key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
			if c.text != "" {
				write(t, file, c.text)
			}
			refused(t, "gs://bucket/mail", c.want)
		})
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
	refused(t, "gs://bucket/mail", "credentials")
}
