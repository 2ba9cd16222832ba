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
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailhaul/mailhaul/simulator"
)

func TestDeltaFaults(t *testing.T) {
	g := start(t, simulator.Options{Seed: 26, Items: 100})
	url := g.inMailbox("/folders/inbox/items/delta")
	plain, pages, _ := round[item](g, url)
	fault := func(f simulator.Fault) []string {
		f.Operation, f.Folder, f.Skip = simulator.OpItemDelta, "inbox", 1
		i := g.sim.Inject(f)
		defer i.Remove()
		items, n, _ := round[item](g, url)
		if f.EmptyPage && n != pages+1 {
			t.Errorf("%d pages", n)
		}
		return ids(items)
	}
	want := ids(plain)
	if !slices.Equal(fault(simulator.Fault{EmptyPage: true}), want) {
		t.Error("an empty page is more than that")
	}
	if got := fault(simulator.Fault{Replay: 4}); !slices.Equal(got, slices.Concat(want[:10], want[6:])) {
		t.Error("nothing is replayed")
	}
	if got := fault(simulator.Fault{Reverse: true}); slices.Equal(got, want) || !slices.Equal(sorted(got), sorted(want)) {
		t.Error("reversed page is wrong")
	}
	if got := fault(simulator.Fault{Repeat: 2}); len(got) != len(want)+2 {
		t.Error("repeated elements are wrong")
	}
	i := g.sim.Inject(simulator.Fault{Operation: simulator.OpItemDelta, Expire: simulator.ExpiryStateNotFound, Skip: 1})
	p := get[page[item]](g, url)
	g.refused(404, http.MethodGet, p.NextLink, nil)
	if i.Hits() != 1 {
		t.Errorf("%d hits", i.Hits())
	}
	get[page[item]](g, p.NextLink)
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

func TestFaultCuts(t *testing.T) {
	g := start(t, simulator.Options{Items: 50, ItemSize: 200_000})
	id := g.ids()[0]
	body, _ := json.Marshal(map[string]any{"itemIds": []string{id}})
	came := func(n int) {} // is called with the number of bytes so far
	read := func(ctx context.Context) (int, error) {
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, g.inMailbox("/exportItems"), bytes.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		resp, err := g.http.Do(req)
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
		t.Errorf("cut after the end: %d bytes, %v", n, err)
	}
}

// TestResetHTTP2 checks that a reset ends the stream where there is no connection to reset.
func TestResetHTTP2(t *testing.T) {
	sim, err := simulator.New(simulator.Options{Items: 20})
	must(t, err)
	server := httptest.NewUnstartedServer(sim)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	g := &client{t: t, sim: sim, url: server.URL + "/v1.0", box: sim.Mailboxes()[0], http: server.Client(), header: http.Header{}}
	if p := get[page[folder]](g, g.inMailbox("/folders")); !strings.HasPrefix(p.NextLink, "https://") {
		t.Errorf("link is %q", p.NextLink)
	}
	sim.Inject(simulator.Fault{Cut: simulator.CutReset, CutAfter: 100})
	resp, err := g.send(http.MethodGet, g.inMailbox("/folders"), nil)
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
			t.Errorf("item %d of an odd export is wrong", i)
		}
	}
	g.sim.Inject(simulator.Fault{Operation: simulator.OpItems, Omit: 3})
	if p := get[page[item]](g, g.inMailbox("/folders/inbox/items")); len(p.Value) != 7 || p.NextLink == "" {
		t.Errorf("a page with 3 left out has %d", len(p.Value))
	}
	called := 0
	g.sim.Inject(simulator.Fault{Before: func() { called++; _ = g.sim.Delete(g.box.ID, ids[0]) }})
	if e := g.export(ids[0]); called != 1 || e[0].Error == nil || e[0].Error.Code != "ErrorItemNotFound" {
		t.Errorf("hook called %d times, item is %+v", called, e[0])
	}
}

// TestFaultStale checks that an item that changed is exported as it was before, with its previous
// change key.
func TestFaultStale(t *testing.T) {
	g := start(t, simulator.Options{Items: 50})
	ids := g.ids()[:3]
	before := g.export(ids...)
	must(t, g.sim.Touch(g.box.ID, ids[0]))
	must(t, g.sim.Touch(g.box.ID, ids[1]))
	now := g.export(ids...)
	g.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: ids[0], Stale: true})
	g.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: ids[2], Stale: true})
	for i, e := range g.export(ids...) {
		want := now[i]
		if i == 0 {
			want = before[i]
		}
		if e.ChangeKey != want.ChangeKey || !bytes.Equal(e.Data, want.Data) {
			t.Errorf("item %d is not as expected", i)
		}
	}
	if bytes.Equal(before[0].Data, now[0].Data) || before[0].ChangeKey == now[0].ChangeKey {
		t.Error("a change does not show")
	}
}

// TestFaultStaleListing checks that an item that changed is listed as it was before.
func TestFaultStaleListing(t *testing.T) {
	g := start(t, simulator.Options{Items: 50})
	list := func() item { return get[page[item]](g, g.inMailbox("/folders/inbox/items?%24top=1")).Value[0] }
	before := list()
	must(t, g.sim.Touch(g.box.ID, before.ID))
	now := list()
	g.sim.Inject(simulator.Fault{Operation: simulator.OpItems, Stale: true})
	if it := list(); it.ChangeKey != before.ChangeKey || it.LastModifiedDateTime != before.LastModifiedDateTime || it.Size != before.Size {
		t.Errorf("listed %+v, it was %+v", it, before)
	}
	if it := list(); it.ChangeKey != now.ChangeKey || now.ChangeKey == before.ChangeKey {
		t.Errorf("listed %+v, it is %+v", it, now)
	}
}

// TestFaultStaleAdded checks that an item that was added to an empty folder, and then changed, is
// exported as it was added.
func TestFaultStaleAdded(t *testing.T) {
	g := start(t, simulator.Options{Items: 50})
	id, err := g.sim.Add(g.box.ID, "outbox")
	must(t, err)
	before := g.export(id)[0]
	must(t, g.sim.Touch(g.box.ID, id))
	g.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Stale: true})
	if e := g.export(id)[0]; e.ChangeKey != before.ChangeKey || !bytes.Equal(e.Data, before.Data) {
		t.Errorf("change key is %q, want %q", e.ChangeKey, before.ChangeKey)
	}
}

// TestFaultNoIDs checks that neither items nor errors have ids.
func TestFaultNoIDs(t *testing.T) {
	g := start(t, simulator.Options{Items: 50})
	ids := g.ids()[:2]
	g.sim.Inject(simulator.Fault{Operation: simulator.OpExport, NoIDs: true})
	g.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: ids[1], ItemCode: "ErrorX"})
	got := g.export(ids...)
	if len(got) != 2 || got[0].ItemID != "" || got[0].ChangeKey == "" || !bytes.Equal(got[0].Data, g.stream(ids[0])) {
		t.Errorf("the item is %+v", got)
	}
	if got[1].ItemID != "" || got[1].Error == nil {
		t.Errorf("the error is %+v", got[1])
	}
}

// TestFaultBodies checks what faults put before a body, or in its place.
func TestFaultBodies(t *testing.T) {
	g := start(t, simulator.Options{Items: 50})
	const mark = "\ufeff"
	g.sim.Inject(simulator.Fault{Times: -1, ByteOrderMark: true})
	body, _ := json.Marshal(map[string]any{"itemIds": g.ids()[:1]})
	for _, send := range []func() (int, http.Header, []byte){
		func() (int, http.Header, []byte) { return g.do(http.MethodGet, g.inMailbox("/folders"), nil) },
		func() (int, http.Header, []byte) { return g.do(http.MethodGet, g.inMailbox("/folders/none"), nil) },
		func() (int, http.Header, []byte) { return g.do(http.MethodPost, g.inMailbox("/exportItems"), body) },
	} {
		if _, _, text := send(); !bytes.HasPrefix(text, []byte(mark+"{")) {
			t.Errorf("the body begins %.20q", text)
		}
	}
	g.sim.Inject(simulator.Fault{Status: http.StatusForbidden, Body: "<html>"})
	if status, h, text := g.do(http.MethodGet, g.inMailbox("/folders"), nil); status != http.StatusForbidden || string(text) != "<html>" || h.Get("Content-Type") != "text/html" {
		t.Errorf("got %d %q", status, text)
	}
}

// TestFaultTime checks that a fault ends when its time is over, and that Trickle sends byte by
// byte.
func TestFaultTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, err := simulator.New(simulator.Options{Items: 10})
		must(t, err)
		send := func() int {
			w := &flushed{header: http.Header{}}
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x/v1.0/users", nil)
			sim.ServeHTTP(w, r)
			return w.status
		}
		sim.Inject(simulator.Fault{Times: -1, For: 45 * time.Second, Status: 429, RetryAfter: "1"})
		for i := range 60 {
			if status := send(); (status == 429) != (i < 45) {
				t.Errorf("after %d s: %d", i, status)
			}
			time.Sleep(time.Second)
		}
		sim.Inject(simulator.Fault{Trickle: time.Second})
		began, w := time.Now(), &flushed{header: http.Header{}}
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x/v1.0/users", nil)
		sim.ServeHTTP(w, r)
		if took := time.Since(began); w.writes != w.Len() || took != time.Duration(w.Len())*time.Second || !strings.HasSuffix(w.String(), "}") {
			t.Errorf("%d bytes came in %d pieces, in %v", w.Len(), w.writes, took)
		}
	})
}

// flushed is a response in memory that counts writes.
type flushed struct {
	bytes.Buffer
	header         http.Header
	status, writes int
}

func (f *flushed) Header() http.Header { return f.header }

func (f *flushed) WriteHeader(code int) { f.status = code }

func (f *flushed) Flush() {}

func (f *flushed) Write(p []byte) (int, error) {
	if f.status == 0 {
		f.status = http.StatusOK
	}
	f.writes++
	return f.Buffer.Write(p)
}
