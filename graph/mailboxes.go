package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// A Mailbox is one of a user's.
type Mailbox struct {
	ID   string // opaque, such as MBX:e0643f21@a7809c93
	User string // as it was asked for
	Kind string // "primary" or "archive"
}

// exchangeSettings is the settings/exchange resource. It comes as it is, or as the
// only element of a value.
type exchangeSettings struct {
	PrimaryMailboxID        string
	InPlaceArchiveMailboxID string
}

func (s *exchangeSettings) UnmarshalJSON(p []byte) error {
	type plain exchangeSettings
	var r struct {
		plain
		Value []plain
	}
	if err := json.Unmarshal(p, &r); err != nil {
		return err
	}
	*s = exchangeSettings(r.plain)
	for _, v := range r.Value {
		s.PrimaryMailboxID = firstOf(s.PrimaryMailboxID, v.PrimaryMailboxID)
		s.InPlaceArchiveMailboxID = firstOf(s.InPlaceArchiveMailboxID, v.InPlaceArchiveMailboxID)
	}
	return nil
}

// Mailboxes returns the primary mailbox of a user, told by id or principal name
// and, where archive says so and there is one, the archive. v1.0 does not always
// tell of archives: then beta is asked.
//
// https://learn.microsoft.com/graph/api/usersettings-list-exchange
func (c *Client) Mailboxes(ctx context.Context, user string, archive bool) ([]Mailbox, error) {
	if strings.Trim(user, ". ") == "" {
		return nil, fmt.Errorf("find mailboxes: %q names no user", user)
	}
	target := c.url("users", user, "settings", "exchange")
	settings, err := c.settings(ctx, target)
	if err == nil && archive && settings.InPlaceArchiveMailboxID == "" || statusOf(err) == http.StatusBadRequest {
		if beta, ok := c.beta(target); ok {
			var more exchangeSettings
			if more, err = c.settings(ctx, beta); err == nil {
				settings.PrimaryMailboxID = firstOf(settings.PrimaryMailboxID, more.PrimaryMailboxID)
				settings.InPlaceArchiveMailboxID = more.InPlaceArchiveMailboxID
			}
		}
	}
	if err != nil {
		return nil, explainUser(user, err)
	}
	if settings.PrimaryMailboxID == "" {
		return nil, fmt.Errorf("find mailboxes of %s: Graph tells of none", user)
	}
	mailboxes := []Mailbox{{settings.PrimaryMailboxID, user, "primary"}}
	if archive && settings.InPlaceArchiveMailboxID != "" {
		mailboxes = append(mailboxes, Mailbox{settings.InPlaceArchiveMailboxID, user, "archive"})
	}
	return mailboxes, nil
}

func (c *Client) settings(ctx context.Context, target string) (exchangeSettings, error) {
	return get[exchangeSettings](ctx, c.users, &call{op: "find mailboxes", method: http.MethodGet, url: target})
}

// beta returns the URL on beta of one below the base, if the base is v1.0.
func (c *Client) beta(target string) (string, bool) {
	base := c.base.String()
	root, isV1 := strings.CutSuffix(base, "/v1.0")
	if !isV1 {
		return target, false
	}
	return root + "/beta" + strings.TrimPrefix(target, base), true
}

// explainUser says what the codes mean that are met most.
func explainUser(user string, err error) error {
	var e *Error
	if errors.As(err, &e) {
		switch e.Code {
		case "MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI":
			return fmt.Errorf("%s has no mailbox that Graph reaches: it is unlicensed, on-premises or deleted: %w", user, err)
		case "Request_ResourceNotFound", "ErrorInvalidUser", "ResourceNotFound":
			return fmt.Errorf("the tenant has no user %s: %w", user, err)
		}
	}
	return fmt.Errorf("mailboxes of %s: %w", user, err)
}

// statusOf is the status of an *Error, or 0.
func statusOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.StatusCode
	}
	return 0
}
