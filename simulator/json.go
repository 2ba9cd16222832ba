package simulator

import (
	"encoding/json"
	"strconv"
	"time"
)

// appendString appends a string in JSON.
func appendString(b []byte, s string) []byte {
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

// object builds a JSON object. Its zero value is one without members.
type object struct {
	b []byte
}

// name begins a member; its name needs no escapes.
func (o *object) name(name string) {
	if len(o.b) == 0 {
		o.b = append(o.b, '{')
	} else {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, '"'), name...), '"', ':')
}

func (o *object) str(name, v string) {
	o.name(name)
	o.b = appendString(o.b, v)
}

func (o *object) num(name string, v int64) {
	o.name(name)
	o.b = strconv.AppendInt(o.b, v, 10)
}

// time puts a time as Graph writes it: truncated to seconds.
func (o *object) time(name string, t time.Time) {
	o.name(name)
	o.b = t.UTC().AppendFormat(o.b, `"2006-01-02T15:04:05Z"`)
}

func (o *object) strs(name string, vs []string) {
	o.name(name)
	o.b = append(o.b, '[')
	for i, v := range vs {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = appendString(o.b, v)
	}
	o.b = append(o.b, ']')
}

// raw puts what is JSON already.
func (o *object) raw(name string, v []byte) {
	o.name(name)
	o.b = append(o.b, v...)
}

func (o *object) bytes() []byte {
	if len(o.b) == 0 {
		return []byte("{}")
	}
	return append(o.b, '}')
}
