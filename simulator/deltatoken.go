package simulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"sync"

	"github.com/mailhaul/mailhaul/simulator/internal/mailbox"
	"github.com/mailhaul/mailhaul/simulator/internal/odata"
)

// deltaToken is the text of a $skiptoken or $deltatoken: how far a client has come. The server
// stores nothing.
type deltaToken struct {
	Mailbox uint32
	Folder  int    // whose items, or child folders, the delta is of; allFolders if it is of all folders
	Items   bool   // it is of items
	Options string // of the first request
	Until   uint64 // the position of the last change that the round shows
	Listing bool   // the round lists everything, instead of changes
	Key     int64  // when listing items: when the last one was created, in Unix nanoseconds
	Number  uint64 // when listing: the last item or folder; otherwise, the position of the last change
	Epoch   int    // how often the tokens had expired
}

// allFolders replaces the index of the folder in a delta of all folders.
const allFolders = -1

func sealToken(s *mailbox.Sealer, t deltaToken) string {
	plain, _ := json.Marshal(t) // plain values always marshal
	return s.Token(plain)
}

func openToken(s *mailbox.Sealer, text string) (t deltaToken, err error) {
	plain, err := s.OpenToken(text)
	if err == nil {
		err = json.Unmarshal(plain, &t)
	}
	return t, err
}

// maxDeltaOptions bounds the options of a delta's first request, which its tokens carry, in bytes.
const maxDeltaOptions = 4096

// readToken returns the token of a delta request: where it continues, or a new one.
func (c *call) readToken(folder int, items bool) (deltaToken, error) {
	t := deltaToken{Mailbox: c.mailbox.Index(), Folder: folder, Items: items}
	expiry := c.mailbox.expiries.of(t)
	values := c.query.Values()
	given := values.Get("$skiptoken") + values.Get("$deltatoken")
	if given == "" {
		values.Del("$deltatoken") // which is empty, as in the answer to an expired token
		t.Options, t.Until, t.Listing, t.Epoch = values.Encode(), c.mailbox.Position(), true, expiry.epoch
		if len(t.Options) > maxDeltaOptions {
			return t, odata.Errorf(http.StatusBadRequest, "ErrorInvalidUrlQuery", "The query is too long.")
		}
		return t, nil
	}
	old, err := openToken(c.server.sealer, given)
	if err != nil || old.Mailbox != t.Mailbox || old.Folder != t.Folder || old.Items != items {
		return t, odata.Errorf(http.StatusBadRequest, "SyncStateInvalid", "The sync state is invalid.")
	}
	if how := c.effect.expiry(); how != 0 {
		return t, how.refusal(c.resource())
	}
	if old.Epoch < expiry.epoch {
		return t, expiry.how.refusal(c.resource())
	}
	if err := c.resumeOptions(old.Options); err != nil {
		return t, err
	}
	if values.Has("$deltatoken") {
		old.Until = c.mailbox.Position()
	}
	return old, nil
}

// resumeOptions replaces the options by those of a token, except the token itself.
func (c *call) resumeOptions(options string) error {
	given := c.query.Values()
	values, err := url.ParseQuery(options)
	if err != nil {
		return err
	}
	for _, name := range []string{"$skiptoken", "$deltatoken"} {
		if given.Has(name) {
			values.Set(name, given.Get(name))
		}
	}
	schema := schemas[c.op]
	c.query, err = odata.ParseValues(&schema, values, c.r.Header, c.server.opts.MaxPageSize)
	return err
}

// Expiry is a way to refuse a delta token that has expired.
type Expiry int

// The ways, with what a client gets for the token.
const (
	ExpiryGone          Expiry = iota + 1 // 410 with a Location whose $deltatoken is empty
	ExpiryStateNotFound                   // 404 syncStateNotFound
	ExpiryResync                          // 400 resyncRequired
)

// refusal is the answer to an expired token of a resource, which is a URL.
func (how Expiry) refusal(resource string) error {
	switch how {
	case ExpiryGone:
		return &odata.Error{Status: http.StatusGone, Code: "SyncStateNotFound", Message: "The sync state generation is not found.",
			Header: [][2]string{{"Location", resource + "?%24deltatoken="}}}
	case ExpiryStateNotFound:
		return odata.Errorf(http.StatusNotFound, "syncStateNotFound", "The sync state generation is not found; continue with a full synchronization.")
	}
	return odata.Errorf(http.StatusBadRequest, "resyncRequired", "Resync required. Replace any local items with the server's version.")
}

// expiries states which tokens of a mailbox have expired.
type expiries struct {
	mu       sync.Mutex
	byFolder map[int]expiry // those of folder deltas expire together, under allFolders
}

type expiry struct {
	epoch int // how often tokens have expired
	how   Expiry
}

func (e *expiries) expire(folder int, how Expiry) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.byFolder == nil {
		e.byFolder = map[int]expiry{}
	}
	e.byFolder[folder] = expiry{e.byFolder[folder].epoch + 1, how}
}

// of returns the latest expiry of tokens like t.
func (e *expiries) of(t deltaToken) expiry {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !t.Items {
		return e.byFolder[allFolders]
	}
	return e.byFolder[t.Folder]
}

// ExpireDeltas makes all delta tokens expire that were given out so far for the items of a folder
// or, if folderID is empty, for the mailbox's folders.
func (s *Server) ExpireDeltas(mailboxID, folderID string, how Expiry) error {
	m := s.tenant.locate(mailboxID).mailbox
	if folderID == "" && m != nil {
		m.expiries.expire(allFolders, how)
		return nil
	}
	return s.tenant.withFolder("expire deltas of", mailboxID, folderID, func(m *hostedMailbox, folder int) error {
		m.expiries.expire(folder, how)
		return nil
	})
}
