package simulator_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/mailhaul/mailhaul/simulator"
)

func TestExportRefuses(t *testing.T) {
	g := start(t, simulator.Options{Items: 50})
	ids := g.ids()
	list := func(ids []string) []byte {
		b, _ := json.Marshal(map[string]any{"ItemIds": ids})
		return b
	}
	for name, c := range map[string]struct {
		body   []byte
		header string
		want   int
	}{
		"21 ids":       {list(ids[:21]), "", 400},
		"no ids":       {[]byte(`{"itemIds":[]}`), "", 400},
		"no list":      {[]byte(`{}`), "", 400},
		"null":         {[]byte(`null`), "", 400},
		"numbers":      {[]byte(`{"itemIds":[1]}`), "", 400},
		"no JSON":      {[]byte(`{"itemIds":["x`), "", 400},
		"too big":      {bytes.Repeat([]byte(" "), 2<<20), "", 413},
		"no gzip":      {list(ids[:1]), "gzip", 400},
		"deflate":      {list(ids[:1]), "deflate", 415},
		"gzip bomb":    {zip(bytes.Repeat([]byte(" "), 8<<20)), "gzip", 413},
		"cut off gzip": {zip(list(ids[:1]))[:20], "gzip", 400},
	} {
		t.Run(name, func(t *testing.T) {
			g := *g
			g.t = t
			if c.header != "" {
				g.header = http.Header{"Content-Encoding": {c.header}}
			}
			g.refused(c.want, http.MethodPost, g.inMailbox("/exportItems"), c.body)
		})
	}
	status, _, body := g.do(http.MethodPost, g.inMailbox("/exportItems"), zip(list(ids[:20])), "Content-Encoding", "gzip")
	if status != 200 || bytes.Count(body, []byte(`"data":"`)) != 20 {
		t.Errorf("compressed request: %d %.200s", status, body)
	}
}

func zip(b []byte) []byte {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write(b)
	_ = w.Close()
	return z.Bytes()
}
