package graph

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/mailhaul/mailhaul/graph/internal/links"
)

var (
	// ErrResync is in the error of a delta link that Graph no longer accepts: the changes since
	// then are unknown, and everything has to be listed.
	ErrResync = errors.New("changes since then are not known")

	// ErrNoDelta is in the error of a delta query that Graph does not support.
	ErrNoDelta = errors.New("there are no delta queries")
)

// deltaURL returns the URL of a delta link, if it leads to the changes of path in this mailbox.
func (m *MailboxClient) deltaURL(link string, path ...string) (string, error) {
	target, err := m.client.base.Stored(link, m.url(path...), m.mailbox)
	if err == nil && !links.HasToken(target) {
		err = errors.New("has no token")
	}
	if err != nil {
		return "", &Error{Op: opChanges, Err: finalf("%w: the delta link %w", ErrResync, err)}
	}
	return target, nil
}

const opChanges = "list changes"

// deltaError adds to the error of a delta query which of ErrResync and ErrNoDelta it is, if any. An
// initial query has no link.
func deltaError(err error, initial bool) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	kind := ErrResync
	switch {
	case isResync(e):
	case errors.Is(err, errMalformed), errors.Is(err, errTooLarge), errors.Is(err, errTooMany),
		errors.Is(err, ErrEndless), isArchiveError(e), initial && errors.Is(err, errPage):
		kind = ErrNoDelta
	case errors.Is(err, errPage):
	case e.StatusCode == 0, e.Err != nil, e.isThrottled(), e.StatusCode == http.StatusUnauthorized,
		e.StatusCode == http.StatusRequestTimeout, isNoMailbox(e):
		return err
	case e.StatusCode == http.StatusForbidden && !initial:
		return err
	case initial:
		kind = ErrNoDelta
	}
	return fmt.Errorf("%w: %w", kind, err)
}

var resyncCodes = []string{"syncstatenotfound", "syncstateinvalid", "resyncrequired"}

// isResync reports whether Graph no longer has the state of a delta query.
func isResync(e *Error) bool {
	if e.StatusCode == http.StatusGone {
		return true
	}
	text := strings.ToLower(e.Code + " " + e.innerCode + " " + e.Message)
	return e.StatusCode/100 == 4 && slices.ContainsFunc(resyncCodes, func(c string) bool { return strings.Contains(text, c) })
}

// isArchiveError reports whether Graph refuses a request because the mailbox is an archive.
func isArchiveError(e *Error) bool {
	return strings.Contains(strings.ToLower(e.Message), "archive mailbox")
}
