package simulator

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/mailhaul/mailhaul/simulator/internal/odata"
	"github.com/mailhaul/mailhaul/simulator/internal/wire"
)

// call is one request on its way to an answer.
type call struct {
	target
	server   *Server
	r        *http.Request
	started  time.Time
	admitted bool        // the mailbox's limiter counts it
	query    odata.Query // of all requests but those for tokens
	ids      []string    // to export
	form     url.Values  // of a request for a token
	effect   effect
	answer   *answer
}

// admit checks the token, and counts the request against the mailbox's limits.
func (c *call) admit() error {
	if c.op != OpToken && c.server.opts.RequireToken {
		if problem := c.server.tokens.Check(c.r.Header.Get("Authorization")); problem != "" {
			return &odata.Error{Status: http.StatusUnauthorized, Code: "InvalidAuthenticationToken", Message: problem,
				Header: [][2]string{{"WWW-Authenticate", `Bearer realm="", authorization_uri="` + c.host + `/common/oauth2/authorize"`}}}
		}
	}
	if c.mailbox == nil {
		return nil
	}
	reached, wait := c.limiter().acquire(&c.server.opts, c.started)
	if reached != noLimit {
		return throttled(&c.server.opts, c.started, reached, wait)
	}
	c.admitted = true
	return nil
}

// release lets the mailbox serve another request.
func (c *call) release() {
	if c.admitted {
		c.admitted = false
		c.limiter().release()
	}
}

// limiter is the limiter of the mailbox that the path names.
func (c *call) limiter() *limiter { return &c.mailbox.limits[c.auxiliary] }

// serve reads the request, lets faults happen, and answers.
func (c *call) serve() error {
	if err := c.read(); err != nil {
		return err
	}
	if c.mailbox != nil {
		c.mailbox.countRequest(&c.server.opts)
	}
	c.effect = c.server.faultsFor(c.subject())
	c.answer.mark = c.effect.mark()
	if err := c.effect.begin(c.r.Context()); err != nil {
		return err
	}
	if d := c.server.opts.Latency; d > 0 {
		wire.Wait(c.r.Context(), d)
	}
	c.answer.open(c.effect.trickle(), c.server.opts.ResponseRate, c.effect.cutAfter)
	defer c.answer.close()
	err := c.handle(c)
	if err == nil {
		err = c.end()
	}
	c.server.stats.update(func(counts *Stats) { counts.Sent += c.answer.body.Sent() })
	return err
}

// end sends the rest of the response. It releases the request before the client can know of the
// end, unless a fault may delay the response.
func (c *call) end() error {
	if c.effect.cut == CutNone {
		c.release()
	}
	return c.answer.body.Flush()
}

// finish answers with an error, ends a response early as a fault demands, and logs.
func (c *call) finish(err error) {
	defer c.server.stats.update(func(counts *Stats) { counts.Statuses[c.answer.status]++ })
	var refused *odata.Error
	switch {
	case errors.As(err, &refused):
		c.answer.refuse(refused)
	case errors.Is(err, wire.ErrCut):
		c.effect.end(c.answer.w, c.r)
	}
	c.server.opts.Logger.DebugContext(c.r.Context(), "request", "method", c.r.Method, "op", string(c.op), "path", c.r.URL.Path,
		"request-id", c.answer.requestID, "took", c.server.now().Sub(c.started), "err", err)
}

// subject is what faults may look at.
func (c *call) subject() subject {
	s := subject{op: c.op, folder: c.folder, item: c.item, ids: c.ids, path: c.r.URL.EscapedPath(), at: c.started}
	if c.mailbox != nil {
		s.mailbox = c.mailbox.ID
	}
	if schemas[c.op].PageSize > 0 {
		s.pageSize = c.query.Size
	}
	values := c.query.Values()
	s.linked = values.Get("$skip") != "" || values.Get("$skiptoken") != ""
	return s
}
