package odata

import (
	"encoding/json"
	"strconv"
	"time"
)

// AppendString appends a string in JSON.
func AppendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always marshals
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// Object builds a JSON object. Names of members need no escapes. The zero value has no members.
type Object struct {
	b        []byte
	extended bool // the last member is the array of extended properties
}

// Reset removes all members, and keeps the memory.
func (o *Object) Reset() { o.b, o.extended = o.b[:0], false }

func (o *Object) name(name string) {
	if len(o.b) == 0 {
		o.b = append(o.b, '{')
	} else {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, '"'), name...), '"', ':')
}

// String adds a string.
func (o *Object) String(name, v string) {
	o.name(name)
	o.b = AppendString(o.b, v)
}

// Int adds a number.
func (o *Object) Int(name string, v int64) {
	o.name(name)
	o.b = strconv.AppendInt(o.b, v, 10)
}

// Time adds a time as Graph writes it, truncated to seconds.
func (o *Object) Time(name string, t time.Time) {
	o.name(name)
	o.b = t.UTC().AppendFormat(o.b, `"2006-01-02T15:04:05Z"`)
}

// Strings adds an array of strings.
func (o *Object) Strings(name string, vs []string) {
	o.name(name)
	o.b = append(o.b, '[')
	for i, v := range vs {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = AppendString(o.b, v)
	}
	o.b = append(o.b, ']')
}

// Raw adds a value that is JSON.
func (o *Object) Raw(name string, v []byte) {
	o.name(name)
	o.b = append(o.b, v...)
}

// ExtendedProperty adds an extended property. No other member may follow the extended properties.
func (o *Object) ExtendedProperty(id, value string) {
	if o.extended {
		o.b[len(o.b)-1] = ','
	} else {
		o.name("singleValueExtendedProperties")
		o.b = append(o.b, '[')
		o.extended = true
	}
	o.b = AppendString(append(o.b, `{"id":`...), id)
	o.b = append(AppendString(append(o.b, `,"value":`...), value), '}', ']')
}

// Close returns the object in JSON. The object takes no more members, but may be reset.
func (o *Object) Close() []byte {
	if len(o.b) == 0 {
		o.b = append(o.b, '{')
	}
	o.b = append(o.b, '}')
	return o.b
}
