package cli_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/internal/servers"
)

// faults are faults of the network or the store during an export. A fault ends after a number of
// retries; if that is 0, the fault stays.
var faults = []struct {
	name     string
	kind     string // toxiproxy's; empty: the store is down
	upstream bool
	with     map[string]any
	retries  int
	down     time.Duration // for which the fault stays at least
	onlyS3   bool
}{
	{name: "latency", kind: "latency", with: map[string]any{"latency": 100, "jitter": 50}},
	{name: "slow link", kind: "bandwidth", upstream: true, with: map[string]any{"rate": 2000}, onlyS3: true}, // KB a second
	{name: "late ends", kind: "slow_close", with: map[string]any{"delay": 300}, onlyS3: true},
	{name: "cut uploads", kind: "limit_data", upstream: true, with: map[string]any{"bytes": 300_000}, retries: 3},
	{name: "cut answers", kind: "limit_data", with: map[string]any{"bytes": 20}, retries: 3},
	{name: "reset in mid-upload", kind: "reset_peer", upstream: true, with: map[string]any{"timeout": 2}, retries: 3},
	{name: "silent and cut", kind: "timeout", with: map[string]any{"timeout": 50}, retries: 3, onlyS3: true},
	{name: "down for a moment", retries: 4},
	{name: "down for 30 seconds", retries: 5, down: 30 * time.Second, onlyS3: true},
}

// TestFaultyStores: whatever fault occurs during an export, the export waits and completes, and the
// repository is intact.
func TestFaultyStores(t *testing.T) {
	t.Parallel()
	toxiproxy := servers.StartToxiproxy(t)
	for _, store := range proxiedStores {
		far := store.open(t)
		for i, f := range faults {
			if f.onlyS3 && store.name != "MinIO" {
				continue
			}
			t.Run(store.name+"/"+f.name, func(t *testing.T) {
				t.Parallel()
				proxy := toxiproxy.Proxy(t, fmt.Sprint(store.name, i), far.addr)
				h := newProxiedExport(t, far, fmt.Sprint("mail", i), proxy.Addr)
				paused := h.pauseMidway()
				p := h.start("--checkpoint-size", "1MiB")
				<-paused
				if f.kind == "" {
					proxy.Down(t)
				} else {
					proxy.Toxic(t, f.kind, f.upstream, f.with)
				}
				since := time.Now()
				paused <- struct{}{}
				if f.retries > 0 {
					p.awaitRetries(f.retries)
					time.Sleep(f.down - time.Since(since))
					if f.kind == "" {
						proxy.Up(t)
					} else {
						proxy.Heal(t, f.kind)
					}
				}
				p.checkSuccess()
				h.checkComplete()
			})
		}
	}
}

// TestFaultyReads: a verification repeats reads that are cut off, those of the rest of a large
// object too, and reports no damage.
func TestFaultyReads(t *testing.T) {
	t.Parallel()
	toxiproxy := servers.StartToxiproxy(t)
	for _, store := range proxiedStores {
		far := store.open(t)
		t.Run(store.name, func(t *testing.T) {
			t.Parallel()
			proxy := toxiproxy.Proxy(t, store.name, far.addr)
			h := newProxiedExport(t, far, "mail", proxy.Addr)
			h.start().checkSuccess()
			proxy.Toxic(t, "limit_data", false, map[string]any{"bytes": 500_000})
			p := h.startCommand("verify")
			if store.name != "fake-gcs-server" { // Google's client goes on by itself
				p.awaitRetries(3)
				proxy.Heal(t, "limit_data")
			}
			if code := p.wait(); code != 0 {
				t.Errorf("exit code is %d: %s", code, p.stderr())
			}
		})
	}
}

// TestStoreGone: a store that has never answered is reported within seconds. If a store fails
// permanently during an export, the committed snapshots are intact.
func TestStoreGone(t *testing.T) {
	t.Parallel()
	far := proxiedS3(t)
	proxy := servers.StartToxiproxy(t).Proxy(t, "down", far.addr)
	proxy.Down(t)
	h := newProxiedExport(t, far, "mail", proxy.Addr)
	p := h.start()
	if code := p.wait(); code != 1 {
		t.Errorf("exit code is %d", code)
	}
	if text := p.stderr(); !strings.Contains(text, "connection refused") || !strings.Contains(text, "nobody listens there") {
		t.Errorf("stderr is %s", text)
	}
	proxy.Up(t)
	paused := h.pauseMidway()
	p = h.start("--checkpoint-size", "1MiB")
	<-paused
	proxy.Down(t)
	paused <- struct{}{}
	p.awaitRetries(2)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	p.wait()
	proxy.Up(t)
	h.run("verify")
	h.start().checkSuccess()
	h.checkComplete()
}
