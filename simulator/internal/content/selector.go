package content

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/mailhaul/mailhaul/fasttransfer"
)

// propertyWriter takes the properties of a message that have no name, each with its id.
type propertyWriter interface {
	Int32(id uint16, v int32)
	Int64(id uint16, v int64)
	Bool(id uint16, v bool)
	Time(id uint16, v time.Time)
	String(id uint16, v string)
	Binary(id uint16, v []byte)
	// Lazy takes a string that is costly to make.
	Lazy(id uint16, make func() string)
}

// streamWriter writes properties to a stream.
type streamWriter struct{ w *fasttransfer.Writer }

func (s streamWriter) Int32(id uint16, v int32)           { s.w.Int32(fasttransfer.ID(id), v) }
func (s streamWriter) Int64(id uint16, v int64)           { s.w.Int64(fasttransfer.ID(id), v) }
func (s streamWriter) Bool(id uint16, v bool)             { s.w.Bool(fasttransfer.ID(id), v) }
func (s streamWriter) Time(id uint16, v time.Time)        { s.w.Time(fasttransfer.ID(id), v) }
func (s streamWriter) String(id uint16, v string)         { s.w.String(fasttransfer.ID(id), v) }
func (s streamWriter) Binary(id uint16, v []byte)         { s.w.Binary(fasttransfer.ID(id), v) }
func (s streamWriter) Lazy(id uint16, make func() string) { s.w.String(fasttransfer.ID(id), make()) }

// Property is an extended property of a message, as listings spell it.
type Property struct {
	ID    string // such as "String 0x37"
	Value string
}

// Selector picks extended properties out of messages. It is for one goroutine.
type Selector struct {
	composer composer
	wanted   []selected
	found    []Property
}

// selected is a property that a Selector looks for.
type selected struct {
	name  string // as in Property.ID
	kind  string // the type in name
	id    uint16
	found bool
	value string
}

// Select returns a selector of the properties with these ids.
func (g *Generator) Select(ids []string) *Selector {
	s := &Selector{composer: composer{vocabulary: g.vocabulary}}
	for _, name := range ids {
		kind, tag, _ := strings.Cut(name, " 0x")
		if id, err := strconv.ParseUint(tag, 16, 16); err == nil {
			s.wanted = append(s.wanted, selected{name: name, kind: kind, id: uint16(id)})
		}
	}
	return s
}

// Properties returns the selected properties that the message has, with the values that its stream
// has. The result is valid until the next call.
func (s *Selector) Properties(m *Message) []Property {
	for i := range s.wanted {
		s.wanted[i].found = false
	}
	l := s.composer.letterOf(m)
	s.composer.envelope(selectingWriter{s}, &l)
	s.composer.identity(selectingWriter{s}, &l)
	s.found = s.found[:0]
	for i := range s.wanted {
		if w := &s.wanted[i]; w.found {
			s.found = append(s.found, Property{w.name, w.value})
		}
	}
	return s.found
}

// selectingWriter keeps the properties that its selector looks for.
type selectingWriter struct{ *Selector }

// find returns the property with an id and a type, or nil if it is not selected.
func (s selectingWriter) find(id uint16, kind string) *selected {
	for i := range s.wanted {
		if w := &s.wanted[i]; w.id == id && w.kind == kind {
			return w
		}
	}
	return nil
}

func (w *selected) set(value string) { w.value, w.found = value, true }

func (s selectingWriter) Int32(id uint16, v int32) {
	if w := s.find(id, "Integer"); w != nil {
		w.set(strconv.Itoa(int(v)))
	}
}

func (s selectingWriter) Int64(id uint16, v int64) {
	if w := s.find(id, "Long"); w != nil {
		w.set(strconv.FormatInt(v, 10))
	}
}

func (s selectingWriter) Bool(id uint16, v bool) {
	if w := s.find(id, "Boolean"); w != nil {
		w.set(strconv.FormatBool(v))
	}
}

func (s selectingWriter) Time(id uint16, v time.Time) {
	if w := s.find(id, "SystemTime"); w != nil {
		w.set(v.UTC().Format("2006-01-02T15:04:05Z"))
	}
}

func (s selectingWriter) String(id uint16, v string) {
	if w := s.find(id, "String"); w != nil {
		w.set(v)
	}
}

func (s selectingWriter) Binary(id uint16, v []byte) {
	if w := s.find(id, "Binary"); w != nil {
		w.set(base64.StdEncoding.EncodeToString(v))
	}
}

func (s selectingWriter) Lazy(id uint16, make func() string) {
	if w := s.find(id, "String"); w != nil {
		w.set(make())
	}
}
