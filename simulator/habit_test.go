package simulator_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailhaul/mailhaul/simulator"
)

// TestFaultStale: an item that changed comes as it was before, with the change key of then.
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

// TestListedStale: listings may be behind, too.
func TestListedStale(t *testing.T) {
	g := start(t, simulator.Options{Items: 50})
	list := func() item { return get[page[item]](g, g.of("/folders/inbox/items?%24top=1")).Value[0] }
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

// TestFaultNoIDs: elements do not say which item they are, be they items or errors.
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

// TestFaultBodies: what stands around or in place of a body.
func TestFaultBodies(t *testing.T) {
	g := start(t, simulator.Options{Items: 50})
	const mark = "\ufeff"
	g.sim.Inject(simulator.Fault{Times: -1, ByteOrderMark: true})
	body, _ := json.Marshal(map[string]any{"itemIds": g.ids()[:1]})
	for _, ask := range []func() (int, http.Header, []byte){
		func() (int, http.Header, []byte) { return g.do(http.MethodGet, g.of("/folders"), nil) },
		func() (int, http.Header, []byte) { return g.do(http.MethodGet, g.of("/folders/none"), nil) },
		func() (int, http.Header, []byte) { return g.do(http.MethodPost, g.of("/exportItems"), body) },
	} {
		if _, _, text := ask(); !bytes.HasPrefix(text, []byte(mark+"{")) {
			t.Errorf("the body begins %.20q", text)
		}
	}
	g.sim.Inject(simulator.Fault{Status: http.StatusForbidden, Body: "<html>"})
	if status, h, text := g.do(http.MethodGet, g.of("/folders"), nil); status != http.StatusForbidden || string(text) != "<html>" || h.Get("Content-Type") != "text/html" {
		t.Errorf("got %d %q", status, text)
	}
}

// TestFaultTime: a fault for some time ends then, and one byte comes after the other.
func TestFaultTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, err := simulator.New(simulator.Options{Items: 10})
		must(t, err)
		ask := func() int {
			w := &flushed{header: http.Header{}}
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x/v1.0/users", nil)
			sim.ServeHTTP(w, r)
			return w.status
		}
		sim.Inject(simulator.Fault{Times: -1, For: 45 * time.Second, Status: 429, RetryAfter: "1"})
		for i := range 60 {
			if status := ask(); (status == 429) != (i < 45) {
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

// A flushed is a response in memory.
type flushed struct {
	bytes.Buffer
	header         http.Header
	status, writes int
}

func (f *flushed) Header() http.Header  { return f.header }
func (f *flushed) WriteHeader(code int) { f.status = code }
func (f *flushed) Flush()               {}
func (f *flushed) Write(p []byte) (int, error) {
	if f.status == 0 {
		f.status = http.StatusOK
	}
	f.writes++
	return f.Buffer.Write(p)
}
