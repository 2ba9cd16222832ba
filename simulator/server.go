package simulator

import (
	"net/http"
	"time"

	"github.com/mailhaul/mailhaul/simulator/internal/content"
	"github.com/mailhaul/mailhaul/simulator/internal/entra"
	"github.com/mailhaul/mailhaul/simulator/internal/mailbox"
)

// Server serves simulated mailboxes; it is an [http.Handler]. Its methods may be called by several goroutines at once.
type Server struct {
	opts      Options
	generator *content.Generator
	sealer    *mailbox.Sealer
	tenant    tenant
	tokens    *entra.Tokens
	faults    faults
	chaos     chaos
	stats     stats
}

// New returns a server. It fails if an option is out of bounds.
func New(opts Options) (*Server, error) {
	opts = opts.withDefaults()
	if err := opts.check(); err != nil {
		return nil, err
	}
	sealer, err := mailbox.NewSealer(opts.Seed)
	if err != nil {
		return nil, err
	}
	s := &Server{opts: opts, sealer: sealer}
	s.generator = content.NewGenerator(content.Sizes{All: opts.ItemSize, Min: opts.MinItemSize, Max: opts.MaxItemSize})
	s.tenant = newTenant(&s.opts, s.generator, sealer)
	s.tokens = entra.NewTokens(opts.Token, opts.TokenLifetime, opts.Now)
	s.chaos.init(opts)
	s.stats.init()
	return s, nil
}

func (s *Server) now() time.Time { return s.opts.Now().UTC() }

// RevokeTokens makes all signed tokens expire that were given out so far.
func (s *Server) RevokeTokens() { s.tokens.Revoke() }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{server: s, r: r, started: s.now()}
	c.answer = newAnswer(w, r, c.started)
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
