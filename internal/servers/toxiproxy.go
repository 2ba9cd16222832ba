package servers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"testing"
)

// A Toxiproxy makes proxies that harm connections.
type Toxiproxy struct{ api string }

// StartToxiproxy starts a toxiproxy server, which ends with the test.
func StartToxiproxy(t testing.TB) *Toxiproxy {
	t.Helper()
	need(t, "toxiproxy", binary("toxiproxy"))
	addr := server{
		name:  "toxiproxy",
		ready: func(ctx context.Context, addr string) error { return answers(ctx, "http://"+addr+"/version") },
		command: func(addr string) *exec.Cmd {
			host, port := split(addr)
			return exec.Command(binary("toxiproxy"), "-host", host, "-port", port)
		},
	}.start(t)
	return &Toxiproxy{"http://" + addr}
}

// A Proxy passes connections on, in a state that can be changed.
type Proxy struct {
	Addr string // host:port that it listens on
	api  string
}

// Proxy makes a proxy of a server at an address.
func (x *Toxiproxy) Proxy(t testing.TB, name, upstream string) *Proxy {
	t.Helper()
	var made struct{ Listen string }
	call(t, http.MethodPost, x.api+"/proxies", map[string]any{"name": name, "listen": "127.0.0.1:0", "upstream": upstream, "enabled": true}, &made)
	return &Proxy{made.Listen, x.api + "/proxies/" + name}
}

// Down cuts all connections and takes no new ones.
func (p *Proxy) Down(t testing.TB) {
	t.Helper()
	call(t, http.MethodPost, p.api, map[string]any{"enabled": false}, nil)
}

// Up ends Down.
func (p *Proxy) Up(t testing.TB) {
	t.Helper()
	call(t, http.MethodPost, p.api, map[string]any{"enabled": true}, nil)
}

// Toxic harms what flows: upstream is to the server, downstream from it. Its kinds and
// their attributes are toxiproxy's own.
func (p *Proxy) Toxic(t testing.TB, kind string, upstream bool, attributes map[string]any) {
	t.Helper()
	p.SomeToxic(t, kind, upstream, 1, attributes)
}

// SomeToxic is Toxic for a share of the connections, at random.
func (p *Proxy) SomeToxic(t testing.TB, kind string, upstream bool, share float64, attributes map[string]any) {
	t.Helper()
	stream := "downstream"
	if upstream {
		stream = "upstream"
	}
	call(t, http.MethodPost, p.api+"/toxics", map[string]any{"name": kind, "type": kind, "stream": stream, "toxicity": share, "attributes": attributes}, nil)
}

// Heal ends a Toxic.
func (p *Proxy) Heal(t testing.TB, kind string) {
	t.Helper()
	call(t, http.MethodDelete, p.api+"/toxics/"+kind, nil, nil)
}

// call asks the server's API for something.
func call(t testing.TB, method, url string, body, answer any) {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, url, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err = io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= http.StatusMultipleChoices {
		err = fmt.Errorf("%s: %s", resp.Status, data)
	}
	if err == nil && answer != nil {
		err = json.Unmarshal(data, answer)
	}
	if err != nil {
		t.Fatalf("toxiproxy: %s %s: %v", method, url, err)
	}
}
