package graph

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// noItemID is an id that no mailbox has an item of.
const noItemID = "bWFpbGhhdWw="

// refused decides what follows from a request that was refused or not answered. It returns an error
// if that concerns more than the items of the group.
func (x *export) refused(ctx context.Context, group []*exportItem, e *Error) error {
	x.retryAfter = max(x.retryAfter, e.retryAfter)
	switch {
	case !x.m.client.reached.Load(), e.isLimit(), e.StatusCode == 0 && !e.isTemporary():
		return e
	case isMailboxError(e):
		if err := x.m.confirm(ctx, e); err != nil {
			return err
		}
	case e.isTemporary() && !isPermanent(e.Code):
		if err := x.m.probeAnswer(ctx); err != nil {
			return err
		}
		x.miss(group, e)
		return nil
	}
	return x.blame(group, e)
}

// miss counts an attempt at a group whose request failed. One of the items may be the reason.
func (x *export) miss(group []*exportItem, e *Error) {
	for _, it := range group {
		it.missRequest(e)
	}
	halve(group)
}

// blame searches for the item because of which a request was refused, and fails it.
func (x *export) blame(group []*exportItem, e *Error) error {
	switch {
	case len(group) > 1:
		halve(group)
		x.noPause = true
		return nil
	case strings.EqualFold(e.Code, codeItemNotFound):
		return x.gone(group[0])
	}
	group[0].missRequest(e)
	return x.fail(group[0], false)
}

// isMailboxError reports whether an error may concern the whole mailbox.
func isMailboxError(e *Error) bool {
	return isRefusal(e.StatusCode) && !e.lacksReason() && !strings.EqualFold(e.Code, codeItemNotFound)
}

// isRefusal reports whether a status may concern the mailbox, or the app.
func isRefusal(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return true
	}
	return false
}

// Probe sends a small request for the mailbox itself, with all patience. An error means that the
// mailbox, the app or Graph is the reason for a failure, and not a folder or an item.
func (m *MailboxClient) Probe(ctx context.Context) error {
	call := call{op: "look at the mailbox", method: http.MethodGet, url: m.url("folders") + "?$top=1"}
	return m.do(ctx, &call, ignore)
}

func ignore(*reply) error { return nil }

// probeAnswer checks whether Graph answers for the mailbox at all, possibly with an error about the
// probe. If it does, certain items are the reason for a failure.
func (m *MailboxClient) probeAnswer(ctx context.Context) error {
	err := m.Probe(ctx)
	e, ok := errors.AsType[*Error](err)
	if ok && e.StatusCode != 0 && !e.isThrottled() && !isRefusal(e.StatusCode) {
		return nil
	}
	return err
}

// confirm checks whether exports are refused in the same way for an id of no item. It returns nil
// if the refusal concerned certain items.
func (m *MailboxClient) confirm(ctx context.Context, refused *Error) error {
	for attempt := 1; ; attempt++ {
		call, err := exportCall(m.url("exportItems"), []string{noItemID})
		if err == nil {
			err = m.do(ctx, call, ignore)
		}
		e, ok := errors.AsType[*Error](err)
		switch {
		case !ok:
			return err
		case e.StatusCode != refused.StatusCode && !e.isTemporary():
			return nil
		case attempt == confirmations:
			return e
		}
		if err := sleep(ctx, m.client.policy().Pause(attempt), WaitGraph); err != nil {
			return err
		}
	}
}
