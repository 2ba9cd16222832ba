package cli_test

import (
	"bytes"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/internal/cli"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestStandardTools restores an item with the commands in docs/format.md, without this program.
func TestStandardTools(t *testing.T) {
	for _, tool := range []string{"bash", "zstd", "jq", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	doc, err := os.ReadFile("../../docs/format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(doc), "## By hand")
	_, script, _ := strings.Cut(section, "```sh\n")
	script, _, ok := strings.Cut(script, "```")
	if !ok {
		t.Fatal("docs/format.md has no script")
	}

	sim, err := simulator.New(simulator.Options{Seed: 21, Items: 12, ItemSize: 4600 << 10})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	defer server.Close()
	dir, m := t.TempDir(), sim.Mailboxes()[0]
	export := []string{"export", "--graph-url", server.URL + "/v1.0", "--mailbox", m.ID, "--repo", filepath.Join(dir, "repo")}
	for range 2 {
		var out bytes.Buffer
		if code := cli.Main(export, &out, &out); code != 0 {
			t.Fatal(out.String())
		}
		for it := range sim.Items(m.ID) {
			if err := sim.Touch(m.ID, it.ID); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	cmd := exec.Command("bash", "-eu", "-c", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rows, err := os.ReadFile(filepath.Join(dir, "items.jsonl"))
	if n := bytes.Count(rows, []byte{'\n'}); err != nil || n != 12 {
		t.Errorf("%d items, %v", n, err)
	}
	restored, err := os.ReadFile(filepath.Join(dir, "item.fts"))
	if err != nil {
		t.Fatal(err)
	}
	for it := range sim.Items(m.ID) {
		var want bytes.Buffer
		if err := sim.WriteItem(&want, m.ID, it.ID); err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(want.Bytes(), restored) {
			return
		}
	}
	t.Errorf("the %d restored bytes are not those of an item:\n%s", len(restored), out)
}
