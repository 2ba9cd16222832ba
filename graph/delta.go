package graph

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

var (
	// ErrResync is in the error of a delta link that is of no more use: what changed since
	// is not known, and everything has to be listed.
	ErrResync = errors.New("changes since then are not known")

	// ErrNoDelta is in the error of a delta query where there are none, or none that work.
	ErrNoDelta = errors.New("there are no delta queries")
)

// maxLink bounds a delta link: longer URLs are refused on the way.
const maxLink = 16 << 10

// deltaURL returns the URL of a delta link, if that leads to the changes of what rest names in
// this mailbox.
func (m *MailboxClient) deltaURL(link string, rest ...string) (string, error) {
	target, err := m.sameResource(link, m.url(rest...))
	if u, _ := url.Parse(target); err == nil && !hasToken(u.Query()) {
		err = finalf("has no token")
	}
	if err != nil {
		return "", &Error{Op: opChanges, Err: finalf("%w: the delta link %w", ErrResync, err)}
	}
	return target, nil
}

// sameResource returns the URL of a link, if that leads to the same resource as own, a URL of
// this mailbox. The link was kept in a place that is not trusted. That of a folder in an
// auxiliary mailbox leads here too, and Graph redirects it.
func (m *MailboxClient) sameResource(link, own string) (string, error) {
	u, err := url.Parse(link)
	switch {
	case err != nil || len(link) > maxLink:
		return "", errors.New("is no URL")
	case sameHost(m.client.base, u) != nil:
		return "", errors.New("leads to another host")
	}
	p, ok := m.client.mailboxPath(link)
	o, _ := m.client.mailboxPath(own)
	if !ok || p.version != o.version || !slices.Equal(p.rest, o.rest) {
		return "", errors.New("leads to something else")
	}
	path := u.EscapedPath()
	if !strings.EqualFold(p.mailbox, m.mailbox) {
		path = p.with(m.mailbox)
	}
	return withQuery(m.client.base.Scheme+"://"+m.client.base.Host+path, u.RawQuery), nil
}

// hasToken reports whether a query says from where on changes are told. Without, it
// asks for all that is there, which would be taken for changes.
func hasToken(q url.Values) bool {
	for name, values := range q {
		switch strings.TrimPrefix(strings.ToLower(name), "$") {
		case "deltatoken", "skiptoken":
			return slices.ContainsFunc(values, func(v string) bool { return v != "" })
		}
	}
	return false
}

const opChanges = "list changes"

// deltaError says what follows from an error of a delta query.
func deltaError(err error, initial bool) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	kind := ErrResync
	switch {
	case saysResync(e):
	case errors.Is(err, errMalformed), errors.Is(err, errTooLarge), errors.Is(err, errTooMany),
		errors.Is(err, ErrEndless), ofArchive(e), initial && errors.Is(err, errPage):
		kind = ErrNoDelta
	case errors.Is(err, errPage):
	case e.StatusCode == 0, e.Err != nil, e.throttled(), e.StatusCode == http.StatusUnauthorized,
		e.StatusCode == http.StatusRequestTimeout, ofMailbox(e):
		return err
	case e.StatusCode == http.StatusForbidden && !initial:
		return err
	case initial:
		kind = ErrNoDelta
	}
	return fmt.Errorf("%w: %w", kind, err)
}

var resyncCodes = []string{"syncstatenotfound", "syncstateinvalid", "resyncrequired"}

// saysResync reports whether an error tells that the state of a delta query is gone.
func saysResync(e *Error) bool {
	if e.StatusCode == http.StatusGone {
		return true
	}
	says := strings.ToLower(e.Code + " " + e.innerCode + " " + e.Message)
	return e.StatusCode/100 == 4 && slices.ContainsFunc(resyncCodes, func(c string) bool { return strings.Contains(says, c) })
}

// ofArchive reports whether an error tells that archives do not have it.
func ofArchive(e *Error) bool {
	return strings.Contains(strings.ToLower(e.Message), "archive mailbox")
}
