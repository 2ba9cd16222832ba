package simulator

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// syncToken is what a $skiptoken or $deltatoken says: how far a client has come. It holds all that the server needs to go on.
type syncToken struct {
	Mailbox uint32
	Folder  int    // of an item delta, or whose children a folder delta is about; -1: all folders
	Items   bool   // it is about items
	Options string // of the first request
	Until   uint64 // the last change that the round tells of
	Listing bool   // the round lists what there is, instead of changes
	Key     int64  // when listing: the key of the last element told
	Number  uint64 // its number; or, when telling changes, the last change told
	Epoch   int    // how often the folder's tokens had expired
}

var errBadToken = errors.New("token is not one of ours")

// tokenBytes is how much of the authentication code goes into a token.
const tokenBytes = 16

// seal makes a token that a client can make nothing of.
func (s *sealer) seal(t syncToken) string {
	plain, _ := json.Marshal(t) // plain values always marshal
	sealed := s.mac(plain)
	s.stream(sealed, plain)
	return base64.RawURLEncoding.EncodeToString(append(sealed, plain...))
}

// open reads a token of its own.
func (s *sealer) open(text string) (t syncToken, err error) {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(b) < tokenBytes {
		return t, errBadToken
	}
	mac, plain := b[:tokenBytes], b[tokenBytes:]
	s.stream(mac, plain)
	if !hmac.Equal(mac, s.mac(plain)) || json.Unmarshal(plain, &t) != nil {
		return t, errBadToken
	}
	return t, nil
}

func (s *sealer) mac(plain []byte) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write(plain)
	return h.Sum(nil)[:tokenBytes]
}

// stream encrypts and decrypts; the code of the plain text, which is never the same for two, is the nonce.
func (s *sealer) stream(nonce, b []byte) {
	cipher.NewCTR(s.block, nonce).XORKeyStream(b, b)
}

// Expiry is a way to say that a delta token has expired.
type Expiry int

// The ways, with what a client gets for the token.
const (
	ExpiryGone          Expiry = iota + 1 // 410 with a Location whose $deltatoken is empty
	ExpiryStateNotFound                   // 404 syncStateNotFound
	ExpiryResync                          // 400 resyncRequired
)

// expired tells how often the tokens of something have expired, and how that is said.
type expired struct {
	epoch int
	how   Expiry
}

// ExpireDeltas makes all delta tokens that were given out so far for the items of a folder, or, if folderID is empty, for
// the mailbox's folders, count no more.
func (s *Server) ExpireDeltas(mailboxID, folderID string, how Expiry) error {
	index := -1
	m := s.mailbox(mailboxID)
	if folderID != "" || m == nil {
		box, f, err := s.locateFolder(mailboxID, folderID)
		if err != nil {
			return liveError("expire deltas of", folderID, err)
		}
		m, index = box, f.index
	}
	m.expire(index, how)
	return nil
}

func (m *mailbox) expire(folder int, how Expiry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.expired == nil {
		m.expired = map[int]expired{}
	}
	m.expired[folder] = expired{m.expired[folder].epoch + 1, how}
}

// epoch is what a token of a folder must say now. Those of all kinds of folder deltas expire together.
func (m *mailbox) epoch(t syncToken) expired {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if !t.Items {
		return m.expired[-1]
	}
	return m.expired[t.Folder]
}

// refuse is the answer to a token that has expired.
func (how Expiry) refuse(c *call) error {
	switch how {
	case ExpiryGone:
		return &apiError{status: http.StatusGone, code: "SyncStateNotFound", message: "The sync state generation is not found.",
			headers: [][2]string{{"Location", c.base() + c.resource() + "?%24deltatoken="}}}
	case ExpiryStateNotFound:
		return refusal(http.StatusNotFound, "syncStateNotFound", "The sync state generation is not found; continue with a full synchronization.")
	}
	return refusal(http.StatusBadRequest, "resyncRequired", "Resync required. Replace any local items with the server's version.")
}
