package rows

import (
	"encoding/binary"

	"github.com/mailhaul/mailhaul/manifest"
)

const (
	shards     = 256
	firstShard = 8 // slots of a shard's first table

	// A shard grows when more than maxFilled of each perSlots slots are taken.
	maxFilled = 15
	perSlots  = 16
)

// A Map maps row keys to values without pointers. It takes about 1.15 times the bytes of its keys
// and values, and at most 1.3 times from some thousand keys on: it grows shard by shard and in
// small steps, so that the map is never copied at once. The zero value is empty. It is not safe for
// concurrent use.
type Map[V any] struct {
	shards [shards]shard[V]
	n      int
}

// A shard is an open hash table.
type shard[V any] struct {
	slots []slot[V]
	n     int
}

// A slot with the zero key is free.
type slot[V any] struct {
	key   manifest.RowKey
	value V
}

// Len returns the number of keys.
func (m *Map[V]) Len() int { return m.n }

// Get returns the key's value, and whether it has one.
func (m *Map[V]) Get(key manifest.RowKey) (v V, ok bool) {
	s := &m.shards[key[0]]
	if s.n == 0 {
		return v, false
	}
	slot := s.find(key)
	return slot.value, slot.key == key
}

// Set sets the key's value.
func (m *Map[V]) Set(key manifest.RowKey, v V) {
	s := &m.shards[key[0]]
	if (s.n+1)*perSlots > len(s.slots)*maxFilled {
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
func (s *shard[V]) find(key manifest.RowKey) *slot[V] {
	n := uint64(len(s.slots))
	at := uint64(binary.LittleEndian.Uint32(key[1:])) * n >> 32
	for s.slots[at].key != key && s.slots[at].key != (manifest.RowKey{}) {
		if at++; at == n {
			at = 0
		}
	}
	return &s.slots[at]
}

// grow makes the shard an eighth larger.
func (s *shard[V]) grow() {
	old := s.slots
	s.slots = make([]slot[V], len(old)+max(firstShard, len(old)/8))
	for i := range old {
		if key := old[i].key; key != (manifest.RowKey{}) {
			*s.find(key) = old[i]
		}
	}
}
