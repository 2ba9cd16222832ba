package manifest

import (
	"crypto/sha256"
	"encoding/binary"
)

// A RowKey stands for a row's (Folder, ID): 96 bits of a SHA-256 over both. It is
// what large sets of keys are kept by; of a million keys two are equal once in
// 10^17 times.
type RowKey [12]byte

// Key returns the row's key.
func (r *Row) Key() RowKey { return KeyOf(r.Folder, r.ID) }

// KeyOf returns the key of the item id in a folder. It is never zero.
func KeyOf(folder, id string) RowKey {
	buf := make([]byte, 0, 512)
	buf = append(buf, folder...)
	buf = append(buf, 0)
	buf = append(buf, id...)
	sum := sha256.Sum256(buf)
	key := RowKey(sum[:len(RowKey{})])
	if key == (RowKey{}) {
		key[0] = 1
	}
	return key
}

const (
	rowShards   = 256
	firstShard  = 8
	shardFilled = 5 // of shardOf slots at most are taken before a shard grows by half
	shardOf     = 6
)

// A RowMap maps row keys to values without pointers. It takes about 1.5 times
// the bytes of its keys and values, and never more than 1.8 times once it holds some
// thousands: it grows shard by shard, so that no copy of the whole is made. The
// zero value is empty. It is not safe for concurrent use.
type RowMap[V any] struct {
	shards [rowShards]rowShard[V]
	n      int
}

// A rowShard is an open hash table; a slot with the zero key is free.
type rowShard[V any] struct {
	keys   []RowKey
	values []V
	n      int
}

// Len returns the number of keys.
func (m *RowMap[V]) Len() int { return m.n }

// Get returns the key's value, and whether it has one.
func (m *RowMap[V]) Get(key RowKey) (v V, ok bool) {
	s := &m.shards[key[0]]
	if s.n == 0 {
		return v, false
	}
	at := s.find(key)
	return s.values[at], s.keys[at] == key
}

// Set gives the key a value.
func (m *RowMap[V]) Set(key RowKey, v V) {
	s := &m.shards[key[0]]
	if s.n*shardOf >= len(s.keys)*shardFilled {
		s.grow()
	}
	at := s.find(key)
	if s.keys[at] != key {
		s.keys[at] = key
		s.n++
		m.n++
	}
	s.values[at] = v
}

// find returns the slot of the key, or the free one where it belongs.
func (s *rowShard[V]) find(key RowKey) int {
	n := uint64(len(s.keys))
	at := uint64(binary.LittleEndian.Uint32(key[1:])) * n >> 32
	for s.keys[at] != key && s.keys[at] != (RowKey{}) {
		if at++; at == n {
			at = 0
		}
	}
	return int(at)
}

func (s *rowShard[V]) grow() {
	old := *s
	size := max(firstShard, len(old.keys)*3/2)
	s.keys, s.values = make([]RowKey, size), make([]V, size)
	for i, key := range old.keys {
		if key != (RowKey{}) {
			at := s.find(key)
			s.keys[at], s.values[at] = key, old.values[i]
		}
	}
}
