package graph

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxRedirects is how often a request, or an item, may be sent on.
const maxRedirects = 5

// A redirection is where a response sends a request.
type redirection string

func (r redirection) Error() string { return "Graph redirects" }

// redirected returns where a response leads, if the call may go there: what is asked
// of a mailbox, to the same of another one.
//
// https://learn.microsoft.com/graph/handle-archive-mailbox-redirects
func (c *Client) redirected(call *call, resp *http.Response) (redirection, error) {
	if call.method != http.MethodGet && resp.StatusCode != http.StatusTemporaryRedirect &&
		resp.StatusCode != http.StatusPermanentRedirect {
		return "", finalf("Graph redirects with %d, which would change the request", resp.StatusCode)
	}
	to, err := c.resolve(call.url, resp.Header.Get("Location"))
	if err != nil {
		return "", err
	}
	if _, ofMailbox := c.mailboxPath(call.url); ofMailbox {
		to, err = c.elsewhere(call.url, to)
	}
	return redirection(to), err
}

// elsewhere returns the URL that asks the mailbox of to for what from asks its own.
func (c *Client) elsewhere(from, to string) (string, error) {
	f, _ := c.mailboxPath(from)
	t, ok := c.mailboxPath(to)
	if !ok || !slices.Equal(f.rest, t.rest) {
		return "", finalf("Graph redirects to something else than the same in another mailbox")
	}
	if !strings.Contains(to, "?") {
		_, query, _ := strings.Cut(from, "?")
		to = withQuery(to, query)
	}
	return to, nil
}

func withQuery(target, query string) string {
	if query == "" {
		return target
	}
	return target + "?" + query
}

// resolve returns the URL of a link that Graph gave in answer to from, if it leads
// to Graph.
func (c *Client) resolve(from, link string) (string, error) {
	base, err := url.Parse(from)
	if err != nil {
		return "", finalError{err}
	}
	to, err := base.Parse(link)
	if err != nil {
		return "", finalf("Graph gave a link that is no URL")
	}
	if err := sameHost(c.base, to); err != nil {
		return "", err
	}
	to.Fragment, to.RawFragment = "", ""
	return to.String(), nil
}

// A mailboxPath is a URL's path taken apart:
// {parent}/{version}/admin/exchange/mailboxes/{mailbox}/{rest}.
type mailboxPath struct {
	version, mailbox string
	rest             []string // names in lower case; keys in parentheses as segments

	before, after string // what stands around the mailbox in the escaped path
}

// mailboxPath takes the path of a URL apart, if it is one of a mailbox.
func (c *Client) mailboxPath(target string) (p mailboxPath, ok bool) {
	u, err := url.Parse(target)
	if err != nil {
		return p, false
	}
	parent, version := cutLast(c.base.EscapedPath())
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

// segment unescapes a segment of a path, if it leads down.
func segment(raw string) (string, bool) {
	s, err := url.PathUnescape(raw)
	return s, err == nil && strings.Trim(s, ".") != ""
}

// appendSegment appends a segment as one or, if it has a key in parentheses, two.
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

// pathName returns a name as it is compared, and whether it is one: names are the
// same in any case, ids are not.
func pathName(s string) (name string, ok bool) {
	name = strings.TrimPrefix(strings.ToLower(s), "microsoft.graph.")
	return name, pathNames[name]
}
