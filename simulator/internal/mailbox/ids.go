package mailbox

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/mailhaul/mailhaul/simulator/internal/rng"
)

// The kinds of thing that an id names.
const (
	folderKind = 1
	itemKind   = 2
)

// The sizes of ids in bytes. In base64 they have 120 and 152 characters, as Exchange's have.
const (
	folderIDSize = 89
	itemIDSize   = 113
)

// The reasons for which an id is refused.
var (
	ErrMalformedID = errors.New("id is malformed")
	ErrUnknownID   = errors.New("id names nothing here")
	ErrBadToken    = errors.New("token is not one of this server's")
)

// Sealer makes ids and tokens that are opaque to clients, and recognises its own. It needs no
// table: what an id names is encrypted within it.
type Sealer struct {
	block cipher.Block
	key   []byte // for authentication codes
}

// NewSealer returns a sealer whose keys come from a seed.
func NewSealer(seed uint64) (*Sealer, error) {
	r := rng.New(seed, 'i', 'd')
	key := make([]byte, 48)
	_, _ = r.Read(key)
	block, err := aes.NewCipher(key[:16])
	return &Sealer{block, key[16:]}, err
}

// macSize is how much of the authentication code a token has, in bytes.
const macSize = 16

// Token encrypts a text into a token.
func (s *Sealer) Token(plain []byte) string {
	sealed := s.mac(plain)
	return base64.RawURLEncoding.EncodeToString(append(sealed, s.crypt(sealed, plain)...))
}

// OpenToken returns the text of a token, or [ErrBadToken].
func (s *Sealer) OpenToken(token string) ([]byte, error) {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(token, "="))
	if err != nil || len(b) < macSize {
		return nil, ErrBadToken
	}
	mac := b[:macSize]
	plain := s.crypt(mac, b[macSize:])
	if !hmac.Equal(mac, s.mac(plain)) {
		return nil, ErrBadToken
	}
	return plain, nil
}

func (s *Sealer) mac(plain []byte) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write(plain)
	return h.Sum(nil)[:macSize]
}

// crypt encrypts and decrypts. The nonce is the authentication code of the plain text, which
// differs between any two.
func (s *Sealer) crypt(nonce, text []byte) []byte {
	out := make([]byte, len(text))
	cipher.NewCTR(s.block, nonce).XORKeyStream(out, text)
	return out
}

// identity makes the ids of a mailbox's folders and items.
type identity struct {
	ID          string
	Auxiliaries []string // the ids of the auxiliary mailboxes that some folders live in

	sealer *Sealer
	index  uint32
	guid   string
	key    [16]byte // the bytes of guid
}

// Index is the index from the mailbox's [Config].
func (m *identity) Index() uint32 { return m.index }

// IDOf returns the id of an auxiliary mailbox, counted from 1, or of the mailbox itself for 0.
func (m *identity) IDOf(auxiliary int) string {
	if auxiliary == 0 {
		return m.ID
	}
	return m.Auxiliaries[auxiliary-1]
}

// FolderID returns the id of the folder with an index.
func (m *identity) FolderID(index int) string { return m.encode(folderKind, uint64(index)) }

// ItemID returns the id of the item with a number.
func (m *identity) ItemID(number uint64) string { return m.encode(itemKind, number) }

// ItemNumber returns the number that an item's id stands for. There may be no such item. The error
// is [ErrMalformedID] or [ErrUnknownID].
func (m *identity) ItemNumber(id string) (uint64, error) { return m.decode(itemKind, id) }

// idLayout returns the size of an id, and where in it the encrypted block is.
func idLayout(kind byte) (size, sealed int) {
	if kind == itemKind {
		return itemIDSize, 83
	}
	return folderIDSize, 65
}

func (m *identity) encode(kind byte, number uint64) string {
	size, sealed := idLayout(kind)
	var room [itemIDSize]byte
	b := room[:size]
	copy(b, "\x00\x03\x24\x00")
	copy(b[4:], m.guid)
	b[41] = 'F'
	copy(b[47:], m.key[:])
	b[63] = 7
	if kind == itemKind {
		copy(b[65:], m.key[8:])
		copy(b[73:], m.key[:8])
		b[82] = 7
	}
	block := b[sealed : sealed+aes.BlockSize]
	block[0] = kind
	binary.BigEndian.PutUint32(block[1:], m.index)
	binary.BigEndian.PutUint64(block[5:], number)
	m.sealer.block.Encrypt(block, block)
	return base64.URLEncoding.EncodeToString(b)
}

func (m *identity) decode(kind byte, id string) (uint64, error) {
	size, sealed := idLayout(kind)
	if len(id) != base64.URLEncoding.EncodedLen(size) {
		return 0, ErrMalformedID
	}
	b, err := base64.URLEncoding.DecodeString(id)
	if err != nil {
		return 0, ErrMalformedID
	}
	var block [aes.BlockSize]byte
	m.sealer.block.Decrypt(block[:], b[sealed:sealed+aes.BlockSize])
	number := binary.BigEndian.Uint64(block[5:])
	if m.encode(kind, number) != id {
		return 0, ErrUnknownID
	}
	return number, nil
}

// changeKey returns the change key of a version of an item.
func (m *identity) changeKey(number uint64, version uint32) string {
	b := make([]byte, 0, 30)
	b = append(b, 9, 0, 0, 0, 0x16, 0, 0, 0)
	b = append(b, m.key[:]...)
	r := rng.New(number, uint64(version), 'k')
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(r.Next()))
	return base64.StdEncoding.EncodeToString(b)
}
