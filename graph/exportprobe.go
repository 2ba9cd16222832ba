package graph

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

const (
	// confirmations is how often a refusal is repeated until it counts.
	confirmations = 3

	// nobodysID is an item's id that no mailbox has.
	nobodysID = "bWFpbGhhdWw="
)

// isWhole reports whether an error may concern the whole mailbox.
func isWhole(e *Error) bool {
	return refusesAll(e.StatusCode) && !e.unexplained() && !strings.EqualFold(e.Code, codeItemNotFound)
}

// refusesAll reports whether a status may be about the mailbox, or the app.
func refusesAll(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return true
	}
	return false
}

// probe finds out whether Graph answers for the mailbox at all, be it with an error of
// this request: if it does, it is certain items that it does not answer for.
func (m *MailboxClient) probe(ctx context.Context) error {
	err := m.Probe(ctx)
	var e *Error
	if errors.As(err, &e) && e.StatusCode != 0 && !e.throttled() && !refusesAll(e.StatusCode) {
		return nil
	}
	return err
}

// confirm finds out whether exports of the mailbox are refused as the request for some
// items was: it requests an item that is nobody's. It returns nil if it was these items.
func (m *MailboxClient) confirm(ctx context.Context, refused *Error) error {
	for attempt := 1; ; attempt++ {
		call, err := exportCall(m.url("exportItems"), []string{nobodysID})
		if err == nil {
			err = m.do(ctx, call, func(*reply) error { return nil })
		}
		var e *Error
		switch {
		case !errors.As(err, &e):
			return err
		case e.StatusCode != refused.StatusCode && !e.temporary():
			return nil
		case attempt == confirmations:
			return e
		}
		if err := sleep(ctx, m.client.backoff(attempt), WaitGraph); err != nil {
			return err
		}
	}
}
