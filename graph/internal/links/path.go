package links

import (
	"net/url"
	"strings"
)

// A mailboxPath is the path of a resource of a mailbox:
// {parent}/{version}/admin/exchange/mailboxes/{mailbox}/{rest}.
type mailboxPath struct {
	version, mailbox string
	rest             []string // names in lower case; keys in parentheses as segments

	before, after string // the escaped path around the mailbox
}

// mailboxPath splits the path of a URL, if it is one of a mailbox.
func (b Base) mailboxPath(target string) (p mailboxPath, ok bool) {
	u, err := url.Parse(target)
	if err != nil {
		return p, false
	}
	parent, version := cutLast(b.EscapedPath())
	path, ok := strings.CutPrefix(u.EscapedPath(), parent+"/")
	if version != "" {
		p.version, path, _ = strings.Cut(path, "/")
	}
	p.version = strings.ToLower(p.version)
	raw := strings.Split(path, "/")
	if !ok || !isVersion(p.version, version) || len(raw) < 5 || !strings.EqualFold(raw[0], "admin") ||
		!strings.EqualFold(raw[1], "exchange") || !strings.EqualFold(raw[2], "mailboxes") {
		return p, false
	}
	p.after = "/" + strings.Join(raw[4:], "/")
	p.before = strings.TrimSuffix(u.EscapedPath(), raw[3]+p.after)
	if p.mailbox, ok = segment(raw[3]); !ok {
		return p, false
	}
	for _, r := range raw[4:] {
		if p.rest, ok = appendSegment(p.rest, r); !ok {
			return p, false
		}
	}
	return p, true
}

// with returns the path with another mailbox.
func (p *mailboxPath) with(mailbox string) string {
	return p.before + url.PathEscape(mailbox) + p.after
}

func cutLast(path string) (parent, last string) {
	i := max(strings.LastIndexByte(path, '/'), 0)
	return path[:i], strings.TrimPrefix(path[i:], "/")
}

func isVersion(s, own string) bool {
	return strings.EqualFold(s, own) || s == "v1.0" || s == "beta"
}

// segment unescapes a segment of a path. One that leads up is not ok.
func segment(raw string) (s string, ok bool) {
	s, err := url.PathUnescape(raw)
	return s, err == nil && strings.Trim(s, ".") != ""
}

// appendSegment appends a segment of a path; one with a key in parentheses becomes two.
func appendSegment(segments []string, raw string) ([]string, bool) {
	s, ok := segment(raw)
	if !ok {
		return nil, false
	}
	before, key, keyed := strings.Cut(s, "(")
	name, known := pathName(before)
	if !known || keyed && !strings.HasSuffix(key, ")") {
		return append(segments, s), true
	}
	segments = append(segments, name)
	key = strings.TrimSuffix(key, ")")
	if n := len(key); n >= 2 && key[0] == '\'' && key[n-1] == '\'' {
		key = strings.ReplaceAll(key[1:n-1], "''", "'")
	}
	if key != "" {
		segments = append(segments, key)
	}
	return segments, true
}

var pathNames = map[string]bool{"folders": true, "childfolders": true, "items": true, "delta": true, "exportitems": true}

// pathName normalises a name of Graph's, and reports whether s is one. Unlike ids, names match in
// any case.
func pathName(s string) (name string, ok bool) {
	name = strings.TrimPrefix(strings.ToLower(s), "microsoft.graph.")
	return name, pathNames[name]
}
