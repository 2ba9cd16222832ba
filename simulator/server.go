package simulator

import (
	"errors"
	"net/http"
	"strings"
	"time"
)

// Server serves simulated mailboxes; it is an [http.Handler]. All methods may be used at once.
type Server struct {
	opts       Options
	users      map[string]*user // by id, and by name in lower case
	order      []*user
	mailboxes  map[string]address // by id in lower case
	made       int                // mailboxes, without auxiliaries
	sealer     *sealer
	vocabulary *vocabulary
	tokens     tokens
	faults     faults
	chaos      chaos
	stats      stats
}

// New makes a server of mailboxes. It fails if an option is out of bounds.
func New(opts Options) (*Server, error) {
	opts = opts.withDefaults()
	if err := opts.check(); err != nil {
		return nil, err
	}
	sealer, err := newSealer(opts.Seed)
	if err != nil {
		return nil, err
	}
	s := &Server{opts: opts, users: map[string]*user{}, mailboxes: map[string]address{}, sealer: sealer, vocabulary: newVocabulary()}
	s.tokens.init(opts)
	s.chaos.init(opts)
	s.stats.init()
	s.addUsers()
	return s, nil
}

func (s *Server) now() time.Time { return s.opts.Now().UTC() }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{server: s, w: w, r: r, started: s.now(), requestID: newGUID(), status: http.StatusOK}
	defer c.release()
	err := c.route()
	s.stats.request(c.op)
	if err == nil {
		err = c.admit()
	}
	if err == nil {
		err = c.serve()
	}
	c.finish(err)
}

// admit checks what all requests are checked for, and takes a place among those of the mailbox.
func (c *call) admit() error {
	if c.op != OpToken {
		if err := c.server.tokens.check(c); err != nil {
			return err
		}
	}
	if c.box == nil {
		return nil
	}
	why, until := c.limit().acquire(&c.server.opts, c.started)
	if why != withinLimits {
		return c.throttle(why, until)
	}
	c.held = true
	return nil
}

// end sends the last of a response. Its place is free before the client can know, unless a fault may hold the response up.
func (c *call) end() error {
	if c.effect.cut == CutNone {
		c.release()
	}
	return c.out.flush()
}

func (c *call) release() {
	if c.held {
		c.held = false
		c.limit().release()
	}
}

// limit is the limiter of the mailbox that the request went to.
func (c *call) limit() *limiter { return &c.box.limits[c.auxiliary] }

// serve reads the request, lets faults happen, and answers.
func (c *call) serve() error {
	if err := c.readBody(); err != nil {
		return err
	}
	if c.box != nil {
		c.server.tick(c.box)
	}
	c.effect = c.server.faults.strike(c)
	if err := c.effect.begin(c); err != nil {
		return err
	}
	if d := c.server.opts.Latency; d > 0 {
		wait(c.r, d)
	}
	c.out = newSender(c.paced(), c.effect.cutAfter)
	defer c.out.recycle()
	err := c.handle(c)
	c.server.stats.sent(c.out.sent)
	return err
}

// finish answers with an error, ends a response early as a fault asks, and logs.
func (c *call) finish(err error) {
	defer func() { c.server.stats.response(c.status) }()
	var refused *apiError
	switch {
	case errors.As(err, &refused):
		c.refuse(refused)
	case errors.Is(err, errCut):
		c.effect.end(c)
	}
	c.server.opts.Logger.DebugContext(c.r.Context(), "request", "method", c.r.Method, "op", string(c.op), "path", c.r.URL.Path,
		"request-id", c.requestID, "took", c.server.now().Sub(c.started), "err", err)
}

// host is what the client reached the server by, for links.
func (c *call) host() string {
	scheme := "http://"
	if c.r.TLS != nil {
		scheme = "https://"
	}
	return scheme + c.r.Host
}

// base is the URL that all of a version's paths begin with.
func (c *call) base() string { return c.host() + "/" + c.version }

// header sets what every response has.
func (c *call) header() http.Header {
	h := c.w.Header()
	h.Set("request-id", c.requestID)
	if id := c.clientRequestID(); id != "" {
		h.Set("client-request-id", id)
	}
	h.Set("Cache-Control", "private")
	h.Set("Strict-Transport-Security", "max-age=31536000")
	return h
}

// clientRequestID is what the client calls the request, if that is fit to repeat.
func (c *call) clientRequestID() string {
	id := c.r.Header.Get("client-request-id")
	if len(id) > 100 || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r > '~' }) {
		return ""
	}
	return id
}

// ok begins a response in JSON.
func (c *call) ok() {
	h := c.header()
	h.Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	h.Set("OData-Version", "4.0")
	if c.version == "beta" {
		h.Set("Deprecation", "Thu, 19 Aug 2021 23:59:59 GMT")
		h.Set("Sunset", "Sat, 19 Aug 2023 23:59:59 GMT")
	}
	c.out.text(c.effect.mark())
}
