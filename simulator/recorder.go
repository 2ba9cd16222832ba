package simulator

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/mailhaul/mailhaul/fasttransfer"
)

// properties is what a message's properties without a name are written to, each with its id: a stream, or a recorder that
// keeps some.
type properties interface {
	Int32(id uint16, v int32)
	Int64(id uint16, v int64)
	Bool(id uint16, v bool)
	Time(id uint16, v time.Time)
	String(id uint16, v string)
	Binary(id uint16, v []byte)
	// Long writes a string that is costly to make.
	Long(id uint16, make func() string)
}

// stream writes the properties to an item's stream.
type stream struct{ w *fasttransfer.Writer }

func (s stream) Int32(id uint16, v int32)           { s.w.Int32(fasttransfer.ID(id), v) }
func (s stream) Int64(id uint16, v int64)           { s.w.Int64(fasttransfer.ID(id), v) }
func (s stream) Bool(id uint16, v bool)             { s.w.Bool(fasttransfer.ID(id), v) }
func (s stream) Time(id uint16, v time.Time)        { s.w.Time(fasttransfer.ID(id), v) }
func (s stream) String(id uint16, v string)         { s.w.String(fasttransfer.ID(id), v) }
func (s stream) Binary(id uint16, v []byte)         { s.w.Binary(fasttransfer.ID(id), v) }
func (s stream) Long(id uint16, make func() string) { s.w.String(fasttransfer.ID(id), make()) }

// recorder keeps what listings tell of a message, so that they tell what its stream has.
type recorder struct {
	wanted []wanted
	has    []property
}

// wanted is a property that was asked for.
type wanted struct {
	name  string // as it comes back
	kind  string // the type in it
	id    uint16
	found bool
	value string
}

// newRecorder keeps the properties that were asked for.
func newRecorder(asked []string) *recorder {
	r := &recorder{}
	for _, name := range asked {
		kind, tag, _ := strings.Cut(name, " 0x")
		if id, err := strconv.ParseUint(tag, 16, 16); err == nil {
			r.wanted = append(r.wanted, wanted{name: name, kind: kind, id: uint16(id)})
		}
	}
	return r
}

func (r *recorder) reset() {
	for i := range r.wanted {
		r.wanted[i].found = false
	}
}

// wants returns the property if it was asked for with that type, or nil.
func (r *recorder) wants(id uint16, kind string) *wanted {
	for i := range r.wanted {
		if w := &r.wanted[i]; w.id == id && w.kind == kind {
			return w
		}
	}
	return nil
}

func (w *wanted) set(value string) { w.value, w.found = value, true }

func (r *recorder) Int32(id uint16, v int32) {
	if w := r.wants(id, "Integer"); w != nil {
		w.set(strconv.Itoa(int(v)))
	}
}

func (r *recorder) Int64(id uint16, v int64) {
	if w := r.wants(id, "Long"); w != nil {
		w.set(strconv.FormatInt(v, 10))
	}
}

func (r *recorder) Bool(id uint16, v bool) {
	if w := r.wants(id, "Boolean"); w != nil {
		w.set(strconv.FormatBool(v))
	}
}

func (r *recorder) Time(id uint16, v time.Time) {
	if w := r.wants(id, "SystemTime"); w != nil {
		w.set(v.UTC().Format("2006-01-02T15:04:05Z"))
	}
}

func (r *recorder) String(id uint16, v string) {
	if w := r.wants(id, "String"); w != nil {
		w.set(v)
	}
}

func (r *recorder) Binary(id uint16, v []byte) {
	if w := r.wants(id, "Binary"); w != nil {
		w.set(base64.StdEncoding.EncodeToString(v))
	}
}

func (r *recorder) Long(id uint16, make func() string) {
	if w := r.wants(id, "String"); w != nil {
		w.set(make())
	}
}

// itemProperties are those of the properties asked for that an item has. They hold until the next item.
func (c *call) itemProperties(it *item) []property {
	if c.recorder == nil {
		c.recorder = newRecorder(c.query.expand)
	}
	r := c.recorder
	r.reset()
	compose := composer{vocabulary: c.server.vocabulary}
	l := compose.itemLetter(it)
	compose.envelope(r, &l)
	compose.identity(r, &l)
	has := r.has[:0]
	for i := range r.wanted {
		if w := &r.wanted[i]; w.found {
			has = append(has, property{w.name, w.value})
		}
	}
	r.has = has
	return has
}
