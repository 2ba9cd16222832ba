package cli_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/mailhaul/mailhaul/simulator"
)

// Secrets that must not be printed in any form.
const (
	secretKey   = "SecretAccessKeyOfSomebody"
	secretToken = "SessionTokenOfSomebody"
	customerKey = "32 bytes are a customer's own key"
	sasToken    = "sv=2025-01-05&sr=c&sp=racwl&sig=SignatureOfSomebody"
	graphToken  = "GraphTokenOfSomebody"
)

// TestSecrets makes commands fail in many ways at stores that need secrets. No secret appears in
// the output, the log or JSON.
func TestSecrets(t *testing.T) {
	t.Parallel()
	sim, err := simulator.New(simulator.Options{Items: 3})
	if err != nil {
		t.Fatal(err)
	}
	graph := httptest.NewServer(sim)
	t.Cleanup(graph.Close)
	key := customerKey[:32]
	keyFile := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(keyFile, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	forms := []string{secretKey, secretToken, key, base64.StdEncoding.EncodeToString([]byte(key)), hex.EncodeToString([]byte(key)),
		"SignatureOfSomebody", base64.StdEncoding.EncodeToString([]byte(secretKey)), graphToken}
	var all sync.WaitGroup
	defer all.Wait()
	atOnce := make(chan struct{}, 12)
	for name, bad := range noStores(t) {
		for what, c := range reached(bad, keyFile) {
			for _, args := range [][]string{
				{"export", "--json", "--graph-url", graph.URL + "/v1.0", "--mailbox", sim.Mailboxes()[0].ID, "--repo", c.repo},
				{"verify", "--json", "--repo", c.repo},
			} {
				all.Go(func() {
					atOnce <- struct{}{}
					defer func() { <-atOnce }()
					out, err := failing(c.env, args)
					if err == nil || !strings.Contains(out, "config.json") {
						t.Errorf("%s, %s: %s: %v: %s", name, what, args[0], err, out)
					}
					for _, form := range forms {
						if strings.Contains(out, form) {
							t.Errorf("%s, %s: %s shows %q: %s", name, what, args[0], form, out)
						}
					}
				})
			}
		}
	}
}

// failing runs a command and returns all its output.
func failing(env, args []string) (string, error) {
	cmd := exec.Command("mailhaul", args...)
	cmd.Env = append(append(os.Environ(), env...), "MAILHAUL_GRAPH_TOKEN="+graphToken)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// A reach is a way to reach a store with secrets.
type reach struct {
	repo string
	env  []string
}

func reached(bad noStore, keyFile string) map[string]reach {
	scheme, host, _ := strings.Cut(bad.url, "://")
	return map[string]reach{
		"S3": {"s3://bucket/mail?use_path_style=true&endpoint=" + bad.url + "&sse_c_key_file=" + keyFile + "&ca_file=" + bad.ca,
			[]string{"AWS_ACCESS_KEY_ID=somebody", "AWS_SECRET_ACCESS_KEY=" + secretKey, "AWS_SESSION_TOKEN=" + secretToken}},
		"Azure with a signature": {"azblob://container/mail?ca_file=" + bad.ca,
			[]string{"AZURE_STORAGE_ACCOUNT=somebody", "AZURE_STORAGE_SAS_TOKEN=" + sasToken, "AZURE_STORAGE_DOMAIN=" + host, "AZURE_STORAGE_PROTOCOL=" + scheme}},
		"Azure with a key": {"azblob://container/mail?domain=" + host + "&protocol=" + scheme + "&ca_file=" + bad.ca,
			[]string{"AZURE_STORAGE_ACCOUNT=somebody", "AZURE_STORAGE_KEY=" + base64.StdEncoding.EncodeToString([]byte(secretKey))}},
	}
}

// A noStore is a TLS server that is not a store.
type noStore struct{ url, ca string }

// noStores start servers that answer like failing stores or proxies. No server may pass on a secret
// to another one.
func noStores(t *testing.T) map[string]noStore {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("a redirect was followed to another host: %v", r.Header)
	}))
	t.Cleanup(elsewhere.Close)
	stores := map[string]noStore{}
	for name, answer := range map[string]http.HandlerFunc{
		"forbidden": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<Error><Code>AccessDenied</Code><Message>no</Message></Error>`)
		},
		"error":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"page":    func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>hello") },
		"hang up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.RequestURI(), http.StatusTemporaryRedirect)
		},
	} {
		web := httptest.NewTLSServer(answer)
		t.Cleanup(web.Close)
		stores[name] = noStore{web.URL, caFile(t, web)}
	}
	down := httptest.NewTLSServer(nil)
	stores["down"] = noStore{down.URL, caFile(t, down)}
	down.Close()
	return stores
}

// caFile writes the certificate of a server's authority to a file.
func caFile(t *testing.T, web *httptest.Server) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
