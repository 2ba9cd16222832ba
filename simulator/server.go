// Package simulator stands in for the endpoints of Microsoft Graph that import and export
// mailboxes, over HTTP. Exports can be tried, tested and measured with it, without a tenant.
//
// A [Server] answers, under /v1.0 and /beta alike:
//
//	GET  /users, /users/{id or UPN}                               the users, or one
//	GET  /users/{id or UPN}/settings/exchange                     the ids of the user's mailboxes; only beta shows archives
//	GET  /admin/exchange/mailboxes/{mailbox}/folders              the folders directly below the root
//	GET  /admin/exchange/mailboxes/{mailbox}/folders/delta        all folders, then their changes
//	GET  …/folders/{id}                                           a folder; …/childFolders/{id} means the same
//	GET  …/folders/{id}/childFolders, …/childFolders/delta        the folders directly below it
//	GET  …/folders/{id}/items                                     its items
//	GET  …/folders/{id}/items/delta                               its items, then their changes
//	GET  …/folders/{id}/items/{id}                                one item's metadata
//	POST /admin/exchange/mailboxes/{mailbox}/exportItems          up to 20 items as FastTransfer streams
//	POST /{tenant}/oauth2/v2.0/token                              a token for client credentials
//	GET  /{tenant}/v2.0/.well-known/openid-configuration          the URL of that, for login libraries
//
// Lists come in pages of 10 unless $top or "Prefer: odata.maxpagesize" requests another size, and
// continue at @odata.nextLink. Path segments match in any case. Ids may be percent-encoded, and may
// have the key form folders('…'). In primary mailboxes, a well-known name such as inbox can replace
// a folder's id.
//
// # Folders
//
// Some folders have names that a file system cannot store: with slashes, empty, equal, equal but
// for their case, reserved by Windows, ending in dots and spaces, very long. Folders without items
// are usual, and Outbox is always one.
//
// Hidden folders are listed if the request has includeHiddenFolders=true, or expands the property
// that marks them, Boolean 0x10F4. Answers spell the ids of expanded properties without leading
// zeros and in lower case. A search folder has no items of its own: it lists items of other
// folders. A client recognises one in two ways that always agree: it is below the folder with the
// wellKnownName searchfolders, and its Integer 0x3601 (PidTagFolderType) is 2.
//
// # Content
//
// Everything comes from [Options].Seed and is made on request: a million items take no memory, and
// the same seed gives the same bytes on every machine. Ids are opaque, and the server recognises
// its own: it refuses others. The properties that lists expand are those of the item's stream.
//
// # Changes
//
// Mailboxes change: by [Server.Add], [Server.Touch], [Server.Move], [Server.Delete],
// [Server.MoveFolder] and the like, and at random by [Server.Step] and [Options].ChangeEvery.
// Deltas show the changes. Only what has changed takes memory. As in Exchange, an item that moves
// gets a new id. [Server.Folders], [Server.Items] and [Server.WriteItem] show the present state.
//
// A delta token holds a position in the mailbox's log of changes, so the server stores no tokens. A
// round shows each thing at most once, as it is when its page is made; later changes are in the
// next round. [Server.ExpireDeltas] makes tokens expire.
//
// # Archives
//
// Archives answer requests for folders and items under /beta alone, and exportItems under both
// versions. Their items/delta answers with a page that breaks off, as the real one does. Folders
// that live in an auxiliary mailbox answer 308 with its URL, and exportItems answers
// ErrorArchiveFolderMovedPermanently.
//
// # Faults
//
// [Server.Inject] makes requests go wrong in the ways for which Graph is known. [Options].Chaos
// does so at random. [Server.Stats] counts requests and answers.
//
// The package shares no code with the client: what the client misreads must fail, not cancel out.
package simulator

import (
	"net/http"
	"time"

	"github.com/mailhaul/mailhaul/simulator/internal/content"
	"github.com/mailhaul/mailhaul/simulator/internal/entra"
	"github.com/mailhaul/mailhaul/simulator/internal/mailbox"
)

// Server serves simulated mailboxes; it is an [http.Handler]. Its methods may be called by several
// goroutines at once.
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
	s.stats.update(func(counts *Stats) { counts.Requests[c.op]++ })
	if err == nil {
		err = c.admit()
	}
	if err == nil {
		err = c.serve()
	}
	c.finish(err)
}
