// Package params reads the query parameters of a bucket's URL. A parameter that the store does not
// have is an error.
package params

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Params are the parameters of a URL. Methods read one each; then Err returns the first mistake, or
// a parameter that none of them has read.
type Params struct {
	values url.Values
	known  []string
	err    error
}

// Of returns the parameters of a URL.
func Of(u *url.URL) *Params {
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		err = errors.New("the part after ? is no list of parameters")
	}
	return &Params{values: values, err: err}
}

// fail records the first mistake.
func (p *Params) fail(name, format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("parameter %s: %w", name, fmt.Errorf(format, args...))
	}
}

// String returns a parameter, which may have other names.
func (p *Params) String(name string, aliases ...string) string {
	p.known = append(p.known, name)
	p.known = append(p.known, aliases...)
	var found []string
	for _, n := range append(aliases, name) {
		found = append(found, p.values[n]...)
	}
	switch len(found) {
	case 0:
		return ""
	case 1:
		if found[0] == "" {
			p.fail(name, "it is empty")
		}
		return found[0]
	}
	p.fail(name, "it is given %d times", len(found))
	return ""
}

// Alias renames the parameter other to name.
func (p *Params) Alias(name, other string) {
	if p.values.Has(other) {
		p.values[name] = append(p.values[name], p.values[other]...)
		p.values.Del(other)
	}
}

// Bool returns a parameter that is true or false, by default false.
func (p *Params) Bool(name string, aliases ...string) bool {
	s := p.String(name, aliases...)
	if s == "" {
		return false
	}
	b, err := strconv.ParseBool(s)
	if err != nil {
		p.fail(name, "%.40q is neither true nor false", s)
	}
	return b
}

// OneOf returns a parameter in lower case, which must be one of the words.
func (p *Params) OneOf(name string, words ...string) string {
	s := strings.ToLower(p.String(name))
	if s != "" && !slices.Contains(words, s) {
		p.fail(name, "%.40q is none of %s", s, strings.Join(words, ", "))
	}
	return s
}

// Rate returns a number of bytes a second, such as 20MiB/s or 500kB; 0 if it is not given.
func (p *Params) Rate(name string) int64 {
	s := p.String(name)
	if s == "" {
		return 0
	}
	n, err := ParseRate(s)
	if err != nil {
		p.fail(name, "%w", err)
	}
	return n
}

// Tags returns names with values, such as team=mail,env=prod; nil if they are not given.
func (p *Params) Tags(name string) map[string]string {
	s := p.String(name)
	if s == "" {
		return nil
	}
	tags := map[string]string{}
	for pair := range strings.SplitSeq(s, ",") {
		k, v, ok := strings.Cut(pair, "=")
		if _, twice := tags[k]; !ok || k == "" || twice {
			p.fail(name, "%.100q is no list of different names with values, such as team=mail,env=prod", s)
		}
		tags[k] = v
	}
	return tags
}

// A Lock keeps objects from being changed and deleted.
type Lock struct {
	Compliance bool          // nobody can shorten the lock; otherwise, privileged users can
	For        time.Duration // from the object's creation; 0: no limited lock
	Hold       bool          // until somebody lifts it
}

// maxLockDays is a hundred years.
const maxLockDays = 36500

// Lock reads lock_mode, lock_days and legal_hold.
func (p *Params) Lock() Lock {
	mode, text := p.OneOf("lock_mode", "governance", "compliance"), p.String("lock_days")
	l := Lock{Compliance: mode == "compliance", Hold: p.Bool("legal_hold")}
	if (mode == "") != (text == "") {
		p.fail("lock_mode", "lock_mode and lock_days go together")
	}
	if text == "" {
		return l
	}
	days, err := strconv.Atoi(text)
	if err != nil || days < 1 || days > maxLockDays {
		p.fail("lock_days", "%.40q is no number from 1 to %d", text, maxLockDays)
		return l
	}
	l.For = time.Duration(days) * 24 * time.Hour
	return l
}

// Until returns the end of the lock of an object that is created now.
func (l Lock) Until() time.Time { return time.Now().Add(l.For).UTC().Truncate(time.Second) }

// Fail records a mistake that the caller found.
func (p *Params) Fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// Refuse makes it an error, with a reason, to give parameters of other stores.
func (p *Params) Refuse(why string, names ...string) {
	for _, name := range names {
		if p.values.Has(name) {
			p.fail(name, "%s", why)
		}
	}
}

// Err returns the first mistake, or a parameter that no method has read.
func (p *Params) Err() error {
	for _, name := range slices.Sorted(maps.Keys(p.values)) {
		if !slices.Contains(p.known, name) && p.err == nil {
			p.err = fmt.Errorf("unknown parameter %.40q", name)
		}
	}
	return p.err
}
