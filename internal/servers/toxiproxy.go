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

// A Toxiproxy creates proxies that disturb connections.
type Toxiproxy struct{ api string }

// StartToxiproxy starts a toxiproxy server, which stops when the test ends.
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

// A Proxy forwards connections, and disturbs them on request.
type Proxy struct {
	Addr string // host:port that it listens on
	api  string
}

// Proxy creates a proxy of the server at an address.
func (x *Toxiproxy) Proxy(t testing.TB, name, upstream string) *Proxy {
	t.Helper()
	var created struct{ Listen string }
	call(t, http.MethodPost, x.api+"/proxies", map[string]any{"name": name, "listen": "127.0.0.1:0", "upstream": upstream, "enabled": true}, &created)
	return &Proxy{created.Listen, x.api + "/proxies/" + name}
}

// Down closes all connections and refuses new ones.
func (p *Proxy) Down(t testing.TB) {
	t.Helper()
	call(t, http.MethodPost, p.api, map[string]any{"enabled": false}, nil)
}

// Up accepts connections again after Down.
func (p *Proxy) Up(t testing.TB) {
	t.Helper()
	call(t, http.MethodPost, p.api, map[string]any{"enabled": true}, nil)
}

// Toxic disturbs the bytes sent to the server (upstream) or by it (downstream). The kinds and their
// attributes are toxiproxy's.
func (p *Proxy) Toxic(t testing.TB, kind string, upstream bool, attributes map[string]any) {
	t.Helper()
	p.SomeToxic(t, kind, upstream, 1, attributes)
}

// SomeToxic is Toxic for a random share of the connections, from 0 to 1.
func (p *Proxy) SomeToxic(t testing.TB, kind string, upstream bool, share float64, attributes map[string]any) {
	t.Helper()
	stream := "downstream"
	if upstream {
		stream = "upstream"
	}
	call(t, http.MethodPost, p.api+"/toxics", map[string]any{"name": kind, "type": kind, "stream": stream, "toxicity": share, "attributes": attributes}, nil)
}

// Heal removes a Toxic.
func (p *Proxy) Heal(t testing.TB, kind string) {
	t.Helper()
	call(t, http.MethodDelete, p.api+"/toxics/"+kind, nil, nil)
}

// call makes a request to the server's API. The answer may be nil.
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
