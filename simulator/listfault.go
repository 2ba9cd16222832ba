package simulator

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
)

// pageSize is the number of elements that the request wants, before its query is checked; 0 if it is for no list.
func (c *call) pageSize() int {
	switch c.op {
	case OpUsers, OpFolders, OpFolderDelta, OpItems, OpItemDelta:
	default:
		return 0
	}
	n, _ := strconv.Atoi(c.option("$top"))
	if preferred := preferredSize(c.r.Header); preferred > 0 {
		n = min(preferred, orDefault(n, preferred))
	}
	return min(orDefault(n, defaultPage), c.server.opts.MaxPageSize)
}

// linked reports whether the request follows a nextLink.
func (c *call) linked() bool { return c.option("$skip") != "" || c.option("$skiptoken") != "" }

// option is an option of the request's query, in any case.
func (c *call) option(name string) string {
	for key, values := range c.r.URL.Query() {
		if strings.EqualFold(key, name) {
			return values[0]
		}
	}
	return ""
}

// corrupt is how a page that shows these items fails, or nil.
func (e *effect) corrupt(c *call, numbers []uint64) error {
	for _, f := range e.faults {
		if f.Corrupt == "" {
			continue
		}
		for _, n := range numbers {
			if it, ok := c.server.item(c.box, n); ok && c.server.itemID(it) == f.Corrupt {
				broken := Fault{Status: orDefault(f.CorruptStatus, http.StatusInternalServerError), Code: "ErrorCorruptData"}
				return broken.refusal()
			}
		}
	}
	return nil
}

// turns makes the links of endless lists new.
var turns atomic.Uint64

// endless makes the page lead to itself, if a fault says so.
func (e *effect) endless(c *call, p *page) {
	for _, f := range e.faults {
		if !f.Endless {
			continue
		}
		target := *c.r.URL
		query := target.Query()
		query.Set("turn", strconv.FormatUint(turns.Add(1), 10))
		p.next, p.delta = c.base()+c.resource()+"?"+strings.ReplaceAll(query.Encode(), "+", "%20"), ""
		return
	}
}
