package simulator

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/mailhaul/mailhaul/fasttransfer"
)

// properties is what a message's properties are written to: a stream, or a recorder that keeps some.
type properties interface {
	Int32(fasttransfer.Property, int32)
	Int64(fasttransfer.Property, int64)
	Bool(fasttransfer.Property, bool)
	Time(fasttransfer.Property, time.Time)
	String(fasttransfer.Property, string)
	Binary(fasttransfer.Property, []byte)
	// Long writes a string that is costly to make.
	Long(fasttransfer.Property, func() string)
}

// stream writes the properties to an item's stream.
type stream struct{ *fasttransfer.Writer }

func (s stream) Long(p fasttransfer.Property, make func() string) { s.String(p, make()) }

// recorder keeps what listings tell of a message, so that they tell what its stream has.
type recorder struct {
	wanted map[fasttransfer.Property]string // the types and ids asked for, by property
	found  map[string]string
}

func newRecorder(asked []string) *recorder {
	r := &recorder{wanted: map[fasttransfer.Property]string{}, found: map[string]string{}}
	for _, id := range asked {
		_, tag, _ := strings.Cut(id, " 0x")
		if number, err := strconv.ParseUint(tag, 16, 16); err == nil {
			r.wanted[fasttransfer.ID(uint16(number))] = id
		}
	}
	return r
}

func (r *recorder) keep(p fasttransfer.Property, kind, value string) {
	if id, ok := r.wanted[p]; ok && strings.HasPrefix(id, kind+" ") {
		r.found[id] = value
	}
}

func (r *recorder) Int32(p fasttransfer.Property, v int32) {
	r.keep(p, "Integer", strconv.Itoa(int(v)))
}

func (r *recorder) Int64(p fasttransfer.Property, v int64) {
	r.keep(p, "Long", strconv.FormatInt(v, 10))
}

func (r *recorder) Bool(p fasttransfer.Property, v bool) {
	r.keep(p, "Boolean", strconv.FormatBool(v))
}

func (r *recorder) Time(p fasttransfer.Property, v time.Time) {
	r.keep(p, "SystemTime", v.UTC().Format("2006-01-02T15:04:05Z"))
}

func (r *recorder) String(p fasttransfer.Property, v string) { r.keep(p, "String", v) }

func (r *recorder) Binary(p fasttransfer.Property, v []byte) {
	if _, ok := r.wanted[p]; ok {
		r.keep(p, "Binary", base64.StdEncoding.EncodeToString(v))
	}
}

func (r *recorder) Long(p fasttransfer.Property, make func() string) {
	if _, ok := r.wanted[p]; ok {
		r.String(p, make())
	}
}

// itemProperties are those of the extended properties asked for that an item has.
func (s *Server) itemProperties(it *item, asked []string) []property {
	r := newRecorder(asked)
	c := &composer{vocabulary: s.vocabulary}
	l := c.itemLetter(it)
	c.envelope(r, &l)
	c.identity(r, &l)
	var has []property
	for _, id := range asked {
		if v, ok := r.found[id]; ok {
			has = append(has, property{id, v})
		}
	}
	return has
}
