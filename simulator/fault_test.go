package simulator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/simulator"
)

func TestFaultStatus(t *testing.T) {
	g := start(t, simulator.Options{Items: 50})
	i := g.sim.Inject(simulator.Fault{Operation: simulator.OpFolders, Skip: 1, Times: 2, Status: 503, RetryAfter: "7", Empty: true})
	other := g.sim.Inject(simulator.Fault{Operation: simulator.OpFolder, Every: 3, Times: -1, Status: 429, Bare: true, Code: "TooMany", Message: "Stop it"})
	var got []int
	for range 4 {
		status, h, body := g.do(http.MethodGet, g.of("/folders"), nil)
		got = append(got, status)
		if status == 503 && (h.Get("Retry-After") != "7" || len(body) != 0) {
			t.Errorf("header %v, body %q", h, body)
		}
	}
	for range 4 {
		status, _, body := g.do(http.MethodGet, g.of("/folders/inbox"), nil)
		got = append(got, status)
		if status == 429 && string(body) != `{"error":{"code":"TooMany","message":"Stop it"}}` {
			t.Errorf("body %q", body)
		}
	}
	want := []int{200, 503, 503, 200, 429, 200, 200, 429}
	for k := range want {
		if got[k] != want[k] {
			t.Fatalf("statuses are %v, want %v", got, want)
		}
	}
	if i.Hits() != 2 || other.Hits() != 2 {
		t.Errorf("hits are %d and %d", i.Hits(), other.Hits())
	}
	other.Remove()
	g.do(http.MethodGet, g.of("/folders/inbox"), nil)
	if status, _, _ := g.do(http.MethodGet, g.of("/folders/inbox"), nil); status != 200 || other.Hits() != 2 {
		t.Errorf("removed fault: %d", status)
	}
}

func TestFaultCuts(t *testing.T) {
	g := start(t, simulator.Options{Items: 50, ItemSize: 200_000})
	id := g.ids()[0]
	body, _ := json.Marshal(map[string]any{"itemIds": []string{id}})
	came := func(n int) {} // is called when so many bytes have come
	read := func(ctx context.Context) (int, error) {
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, g.of("/exportItems"), bytes.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		resp, err := g.client.Do(req)
		if err != nil {
			return -1, err
		}
		defer resp.Body.Close()
		n := 0
		for p := make([]byte, 4096); ; {
			m, err := resp.Body.Read(p)
			n += m
			came(n)
			if err == io.EOF {
				return n, nil
			}
			if err != nil {
				return n, err
			}
		}
	}
	cut := func(how simulator.Cut, after int64) {
		g.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Cut: how, CutAfter: after})
	}
	cut(simulator.CutClean, 70_001)
	if n, err := read(t.Context()); n != 70_001 || err != nil {
		t.Errorf("clean cut: %d bytes, %v", n, err)
	}
	cut(simulator.CutClean, 0)
	if n, err := read(t.Context()); n != 0 || err != nil {
		t.Errorf("clean cut at once: %d bytes, %v", n, err)
	}
	cut(simulator.CutReset, 70_001)
	if n, err := read(t.Context()); n > 70_001 || err == nil {
		t.Errorf("reset: %d bytes, %v", n, err)
	}
	cut(simulator.CutReset, 0)
	if n, err := read(t.Context()); n != -1 || err == nil {
		t.Errorf("reset at once: %d bytes, %v", n, err)
	}
	cut(simulator.CutStall, 70_001)
	ctx, cancel := context.WithCancel(t.Context())
	came = func(n int) {
		if n == 70_001 {
			cancel()
		}
	}
	if n, err := read(ctx); n != 70_001 || !errors.Is(err, context.Canceled) {
		t.Errorf("stall: %d bytes, %v", n, err)
	}
	cut(simulator.CutClean, 1<<40)
	if n, err := read(t.Context()); n < 250_000 || err != nil {
		t.Errorf("cut behind the end: %d bytes, %v", n, err)
	}
}

// TestResetHTTP2: there is no connection to take over, but the stream ends all the same.
func TestResetHTTP2(t *testing.T) {
	sim, err := simulator.New(simulator.Options{Items: 20})
	must(t, err)
	server := httptest.NewUnstartedServer(sim)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	g := &graph{t: t, sim: sim, url: server.URL + "/v1.0", box: sim.Mailboxes()[0], client: server.Client(), header: http.Header{}}
	if p := get[page[folder]](g, g.of("/folders")); !strings.HasPrefix(p.NextLink, "https://") {
		t.Errorf("link is %q", p.NextLink)
	}
	sim.Inject(simulator.Fault{Cut: simulator.CutReset, CutAfter: 100})
	resp, err := g.send(http.MethodGet, g.of("/folders"), nil)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if err == nil || resp != nil && resp.ProtoMajor != 2 {
		t.Errorf("error is %v, response %v", err, resp)
	}
}

func TestFaultElements(t *testing.T) {
	g := start(t, simulator.Options{Items: 50})
	ids := g.ids()[30:36]
	run := func(f simulator.Fault) []string {
		f.Operation = simulator.OpExport
		g.sim.Inject(f)
		var got []string
		for _, e := range g.export(ids...) {
			name := "?"
			for i, id := range ids {
				if id == e.ItemID {
					name = string(rune('a' + i))
				}
			}
			if e.Error != nil {
				name += "!" + e.Error.Code
			}
			got = append(got, name)
		}
		return got
	}
	for want, f := range map[string]simulator.Fault{
		"cdef":               {Omit: 2},
		"acdef":              {Omit: 1, Item: ids[1]},
		"":                   {Omit: 20},
		"abcdefab":           {Repeat: 2},
		"abcdefc":            {Repeat: 1, Item: ids[2]},
		"fedcba":             {Reverse: true},
		"abcdef??":           {Extra: 2},
		"abc!ErrorXdef":      {ItemCode: "ErrorX", Item: ids[2]},
		"a!Eb!Ec!Ed!Ee!Ef!E": {ItemCode: "E"},
	} {
		got := ""
		for _, s := range run(f) {
			got += s
		}
		if got != want {
			t.Errorf("%+v: %q, want %q", f, got, want)
		}
	}
	g.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Odd: true})
	for i, e := range g.export(ids...) {
		if e.ItemID != ids[i] || e.ChangeKey == "" || !bytes.Equal(e.Data, g.stream(ids[i])) {
			t.Errorf("oddly spelt item %d came back wrong", i)
		}
	}
	g.sim.Inject(simulator.Fault{Operation: simulator.OpItems, Omit: 3})
	if p := get[page[item]](g, g.of("/folders/inbox/items")); len(p.Value) != 7 || p.NextLink == "" {
		t.Errorf("a page with 3 left out has %d", len(p.Value))
	}
	called := 0
	g.sim.Inject(simulator.Fault{Before: func() { called++; _ = g.sim.Delete(g.box.ID, ids[0]) }})
	if e := g.export(ids[0]); called != 1 || e[0].Error == nil || e[0].Error.Code != "ErrorItemNotFound" {
		t.Errorf("hook called %d times, item is %+v", called, e[0])
	}
}

// TestConcurrency: a mailbox takes so many requests at once, and another one takes its own.
func TestConcurrency(t *testing.T) {
	g := start(t, simulator.Options{Items: 20, Mailboxes: 2, Concurrency: 2, RetryAfter: 1500 * time.Millisecond})
	inside, leave := make(chan bool), make(chan bool)
	g.sim.Inject(simulator.Fault{Times: 2, Before: func() { inside <- true; <-leave }})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			resp, err := g.send(http.MethodGet, g.of("/folders"), nil)
			if err != nil || resp.StatusCode != 200 {
				t.Errorf("%v %v", resp, err)
				return
			}
			resp.Body.Close()
		})
	}
	<-inside
	<-inside
	status, h, body := g.do(http.MethodGet, g.of("/folders"), nil)
	if status != 429 || h.Get("Retry-After") != "2" ||
		string(body) != `{"error":{"code":"ApplicationThrottled","message":"Application is over its MailboxConcurrency limit."}}` {
		t.Errorf("third request: %d %v %s", status, h, body)
	}
	other := *g
	other.box = g.sim.Mailboxes()[1]
	get[page[folder]](&other, other.of("/folders"))
	close(leave)
	wg.Wait()
	get[page[folder]](g, g.of("/folders"))
}
