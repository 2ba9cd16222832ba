package simulator

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
)

// The kinds of thing that an id names.
const (
	kindFolder = 1
	kindItem   = 2
)

// The sizes of ids in bytes, as Exchange's are: 120 and 152 characters.
const (
	folderIDSize = 89
	itemIDSize   = 113
)

// The ways in which an id can be wrong.
var (
	errMalformedID = errors.New("id is malformed")
	errUnknownID   = errors.New("id names nothing here")
)

// sealer makes and recognises ids. An id looks like Exchange's and holds, in one encrypted block, what it names, so
// that the server needs no table and a client can make nothing of it.
type sealer struct {
	block cipher.Block
	key   []byte // for authentication codes
}

func newSealer(seed uint64) (*sealer, error) {
	r := mixed(seed, 'i', 'd')
	key := make([]byte, 48)
	_, _ = r.Read(key)
	block, err := aes.NewCipher(key[:16])
	return &sealer{block, key[16:]}, err
}

// encode makes the id of a folder or an item of a mailbox.
func (s *sealer) encode(m *mailbox, kind byte, number uint64) string {
	size, sealed := folderIDSize, 65
	if kind == kindItem {
		size, sealed = itemIDSize, 83
	}
	var room [itemIDSize]byte
	b := room[:size]
	copy(b, "\x00\x03\x24\x00")
	copy(b[4:], m.guid)
	b[41] = 'F'
	copy(b[47:], m.key[:])
	b[63] = 7
	if kind == kindItem {
		copy(b[65:], m.key[8:])
		copy(b[73:], m.key[:8])
		b[82] = 7
	}
	block := b[sealed : sealed+aes.BlockSize]
	block[0] = kind
	binary.BigEndian.PutUint32(block[1:], m.index)
	binary.BigEndian.PutUint64(block[5:], number)
	s.block.Encrypt(block, block)
	return base64.URLEncoding.EncodeToString(b)
}

// decode returns the number that an id of the mailbox stands for. It may still be too large.
func (s *sealer) decode(m *mailbox, kind byte, id string) (uint64, error) {
	size, sealed := folderIDSize, 65
	if kind == kindItem {
		size, sealed = itemIDSize, 83
	}
	if len(id) != base64.URLEncoding.EncodedLen(size) {
		return 0, errMalformedID
	}
	b, err := base64.URLEncoding.DecodeString(id)
	if err != nil {
		return 0, errMalformedID
	}
	var block [aes.BlockSize]byte
	s.block.Decrypt(block[:], b[sealed:sealed+aes.BlockSize])
	number := binary.BigEndian.Uint64(block[5:])
	if s.encode(m, kind, number) != id {
		return 0, errUnknownID
	}
	return number, nil
}

// changeKey is what Exchange changes with every change of an item.
func changeKey(m *mailbox, number uint64, version uint32) string {
	b := make([]byte, 0, 30)
	b = append(b, 9, 0, 0, 0, 0x16, 0, 0, 0)
	b = append(b, m.key[:]...)
	r := mixed(number, uint64(version), 'k')
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(r.next()))
	return base64.StdEncoding.EncodeToString(b)
}
