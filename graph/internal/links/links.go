// Package links builds Graph's URLs and checks where the links lead that Graph returns or that were
// stored. A link that leads to another host, or to another resource than the one requested, is an
// error.
package links

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A Base is the URL below which all requests go, such as https://graph.microsoft.com/v1.0.
type Base struct{ *url.URL }

// An Error is a link that must not be followed. Repeating the request does not help.
type Error struct{ err error }

func (e *Error) Error() string { return e.err.Error() }
func (e *Error) Unwrap() error { return e.err }

// NonRetriable marks the error for azcore's pipeline.
func (e *Error) NonRetriable() {}

func errorf(format string, args ...any) error { return &Error{fmt.Errorf(format, args...)} }

// Join returns the URL of a path below the base. It escapes each segment.
func (b Base) Join(segments ...string) string {
	var s strings.Builder
	s.WriteString(b.String())
	for _, segment := range segments {
		s.WriteString("/" + url.PathEscape(segment))
	}
	return s.String()
}

// CheckHost returns an error unless u has the scheme and the host of the base, and no password.
func (b Base) CheckHost(u *url.URL) error {
	if u.User == nil && strings.EqualFold(u.Scheme, b.Scheme) &&
		strings.EqualFold(u.Hostname(), b.Hostname()) && port(u) == port(b.URL) {
		return nil
	}
	return errorf("refused to go to %s://%s, which is not %s://%s", u.Scheme, u.Host, b.Scheme, b.Host)
}

func port(u *url.URL) string {
	switch p := u.Port(); {
	case p != "":
		return p
	case strings.EqualFold(u.Scheme, "http"):
		return "80"
	case strings.EqualFold(u.Scheme, "https"):
		return "443"
	}
	return ""
}

// Resolve returns the absolute URL of a link in the response to a request for from, if it leads to
// Graph's host.
func (b Base) Resolve(from, link string) (string, error) {
	base, err := url.Parse(from)
	if err != nil {
		return "", &Error{err}
	}
	to, err := base.Parse(link)
	if err != nil {
		return "", errorf("Graph gave a link that is no URL")
	}
	if err := b.CheckHost(to); err != nil {
		return "", err
	}
	to.Fragment, to.RawFragment = "", ""
	return to.String(), nil
}

// Redirect returns the URL to which Graph redirects a request for from. A request for a resource of
// a mailbox may only be redirected to the same resource of another mailbox.
//
// https://learn.microsoft.com/graph/handle-archive-mailbox-redirects
func (b Base) Redirect(from, location string) (string, error) {
	to, err := b.Resolve(from, location)
	if _, ofMailbox := b.mailboxPath(from); err != nil || !ofMailbox {
		return to, err
	}
	return b.inMailbox(from, to)
}

// Moved returns the URL of the mailbox to which an item moved, from Graph's error for a request
// to from: the same request for the other mailbox.
func (b Base) Moved(from, message string) (string, error) {
	to, err := b.Resolve(from, message)
	if err != nil {
		return "", err
	}
	return b.inMailbox(from, to)
}

// inMailbox checks that to is the resource of from in another mailbox, and adds the query of from
// if to has none.
func (b Base) inMailbox(from, to string) (string, error) {
	f, _ := b.mailboxPath(from)
	t, ok := b.mailboxPath(to)
	if !ok || !slices.Equal(f.rest, t.rest) {
		return "", errorf("Graph redirects to something else than the same in another mailbox")
	}
	if !strings.Contains(to, "?") {
		_, query, _ := strings.Cut(from, "?")
		to = withQuery(to, query)
	}
	return to, nil
}

// Stored returns the URL of a link that was stored, and so is not trusted, if it leads to the same
// resource as own, a URL of the mailbox. A link to the resource in another mailbox is changed to
// this mailbox, and Graph redirects it.
func (b Base) Stored(link, own, mailbox string) (string, error) {
	const maxLength = 16 << 10 // servers on the way refuse longer URLs
	u, err := url.Parse(link)
	switch {
	case err != nil || len(link) > maxLength:
		return "", errors.New("is no URL")
	case b.CheckHost(u) != nil:
		return "", errors.New("leads to another host")
	}
	p, ok := b.mailboxPath(link)
	o, _ := b.mailboxPath(own)
	if !ok || p.version != o.version || !slices.Equal(p.rest, o.rest) {
		return "", errors.New("leads to something else")
	}
	path := u.EscapedPath()
	if !strings.EqualFold(p.mailbox, mailbox) {
		path = p.with(mailbox)
	}
	return withQuery(b.Scheme+"://"+b.Host+path, u.RawQuery), nil
}

// Mailbox returns the mailbox of a URL, if it has one.
func (b Base) Mailbox(target string) (id string, ok bool) {
	p, ok := b.mailboxPath(target)
	return p.mailbox, ok
}
