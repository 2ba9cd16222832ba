package graph

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

var (
	// ErrResync tells that a delta link is of no more use: what changed since cannot be
	// told, and all has to be listed.
	ErrResync = errors.New("changes cannot be told from there")

	// ErrNoDelta tells that there are no delta queries here, or none that work.
	ErrNoDelta = errors.New("there are no delta queries")
)

// maxLink bounds a delta link: longer URLs are refused on the way.
const maxLink = 16 << 10

// deltaURL returns where a delta link leads, if that is to the changes of what rest
// names in this mailbox. The link was kept in a place that is not trusted. That of a
// folder in an auxiliary mailbox leads here too, and Graph sends it on.
func (m *MailboxClient) deltaURL(link string, rest ...string) (string, error) {
	resync := func(why string) (string, error) {
		return "", &Error{Op: opChanges, Err: finalf("%w: the delta link %s", ErrResync, why)}
	}
	u, err := url.Parse(link)
	switch {
	case err != nil || len(link) > maxLink:
		return resync("is no URL")
	case sameHost(m.client.base, u) != nil:
		return resync("leads to another host")
	}
	p, ok := m.client.mailboxPath(link)
	own, _ := m.client.mailboxPath(m.url(rest...))
	if !ok || p.version != own.version || !slices.Equal(p.rest, own.rest) {
		return resync("leads to something else")
	}
	if !hasToken(u.Query()) {
		return resync("has no token")
	}
	path := u.EscapedPath()
	if !strings.EqualFold(p.mailbox, m.mailbox) {
		path = p.with(m.mailbox)
	}
	return m.client.base.Scheme + "://" + m.client.base.Host + path + "?" + u.RawQuery, nil
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

// delta goes through a delta query: from link or, if that is empty, from the start.
// It returns the link that leads on from the end.
func delta[T any](ctx context.Context, m *MailboxClient, q *query, yield func(T) error) (string, error) {
	q.op, q.attempts = opChanges, deltaAttempts
	var stopped error
	end, err := list(ctx, m, q, func(v T) error {
		stopped = yield(v)
		return stopped
	})
	switch {
	case stopped != nil:
		return "", stopped
	case err != nil:
		return "", deltaError(err, q.link == "")
	case end.deltaLink == "":
		return "", fmt.Errorf("%w: %w", ErrNoDelta, &Error{Op: opChanges, Err: finalf("the last page has no deltaLink")})
	}
	return end.deltaLink, nil
}

func deltaAttempts(e *Error) int {
	if tooMuch(e) {
		return patience
	}
	return math.MaxInt
}

// deltaError tells what follows from an error of a delta query.
func deltaError(err error, initial bool) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	kind := ErrResync
	switch {
	case saysResync(e):
	case errors.Is(err, errMalformed), errors.Is(err, errTooLarge), errors.Is(err, errLost), ofArchive(e):
		kind = ErrNoDelta
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
