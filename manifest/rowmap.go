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
	shardFilled = 15 // of shardOf slots at most are taken before a shard grows
	shardOf     = 16
)

// A RowMap maps row keys to values without pointers. It takes 1.15 times the bytes of its
// keys and values or so, and no more than 1.3 times once it holds some thousands: it
// grows shard by shard and little at a time, so that no copy of the whole is made. The
// zero value is empty. It is not safe for concurrent use.
type RowMap[V any] struct {
	shards [rowShards]rowShard[V]
	n      int
}

// A rowShard is an open hash table.
type rowShard[V any] struct {
	slots []rowSlot[V]
	n     int
}

// A rowSlot with the zero key is free.
type rowSlot[V any] struct {
	key   RowKey
	value V
}

// Len returns the number of keys.
func (m *RowMap[V]) Len() int { return m.n }

// Get returns the key's value, and whether it has one.
func (m *RowMap[V]) Get(key RowKey) (v V, ok bool) {
	s := &m.shards[key[0]]
	if s.n == 0 {
		return v, false
	}
	slot := s.find(key)
	return slot.value, slot.key == key
}

// Set gives the key a value.
func (m *RowMap[V]) Set(key RowKey, v V) {
	s := &m.shards[key[0]]
	if (s.n+1)*shardOf > len(s.slots)*shardFilled {
		s.grow()
	}
	slot := s.find(key)
	if slot.key != key {
		slot.key = key
		s.n++
		m.n++
	}
	slot.value = v
}

// find returns the slot of the key, or the free one where it belongs.
func (s *rowShard[V]) find(key RowKey) *rowSlot[V] {
	n := uint64(len(s.slots))
	at := uint64(binary.LittleEndian.Uint32(key[1:])) * n >> 32
	for s.slots[at].key != key && s.slots[at].key != (RowKey{}) {
		if at++; at == n {
			at = 0
		}
	}
	return &s.slots[at]
}

// grow makes the shard an eighth larger.
func (s *rowShard[V]) grow() {
	old := s.slots
	s.slots = make([]rowSlot[V], len(old)+max(firstShard, len(old)/8))
	for i := range old {
		if key := old[i].key; key != (RowKey{}) {
			*s.find(key) = old[i]
		}
	}
}
