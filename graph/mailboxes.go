package graph

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// A Mailbox is a mailbox of a user.
type Mailbox struct {
	ID   string // opaque, such as MBX:e0643f21@a7809c93
	User string // as requested
	Kind string // "primary" or "archive"
}

// exchangeSettings is the settings/exchange resource. Graph returns it itself, or as the only
// element of a value.
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
		s.PrimaryMailboxID = cmp.Or(s.PrimaryMailboxID, v.PrimaryMailboxID)
		s.InPlaceArchiveMailboxID = cmp.Or(s.InPlaceArchiveMailboxID, v.InPlaceArchiveMailboxID)
	}
	return nil
}

// Mailboxes returns the primary mailbox of a user, given by id or principal name, and the archive
// if archive is set and there is one. v1.0 does not always return archives: then Mailboxes queries
// beta.
//
// https://learn.microsoft.com/graph/api/usersettings-list-exchange
func (c *Client) Mailboxes(ctx context.Context, user string, archive bool) ([]Mailbox, error) {
	if strings.Trim(user, ". ") == "" {
		return nil, fmt.Errorf("find mailboxes: %q names no user", user)
	}
	target := c.base.Join("users", user, "settings", "exchange")
	settings, err := c.settings(ctx, target)
	if err == nil && archive && settings.InPlaceArchiveMailboxID == "" || statusOf(err) == http.StatusBadRequest {
		if beta, ok := c.beta(target); ok {
			var more exchangeSettings
			if more, err = c.settings(ctx, beta); err == nil {
				settings.PrimaryMailboxID = cmp.Or(settings.PrimaryMailboxID, more.PrimaryMailboxID)
				settings.InPlaceArchiveMailboxID = more.InPlaceArchiveMailboxID
			}
		}
	}
	if err != nil {
		return nil, explainUser(user, err)
	}
	if settings.PrimaryMailboxID == "" {
		return nil, fmt.Errorf("find mailboxes of %s: Graph returned none", user)
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

// beta returns the beta URL of a URL below the base, if the base is v1.0.
func (c *Client) beta(target string) (string, bool) {
	base := c.base.String()
	root, isV1 := strings.CutSuffix(base, "/v1.0")
	if !isV1 {
		return target, false
	}
	return root + "/beta" + strings.TrimPrefix(target, base), true
}

// explainUser explains the most frequent codes.
func explainUser(user string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		switch e.Code {
		case "MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI":
			return fmt.Errorf("%s has no mailbox that Graph reaches: it is unlicensed, on-premises or deleted: %w", user, err)
		case "Request_ResourceNotFound", "ErrorInvalidUser", "ResourceNotFound":
			return fmt.Errorf("the tenant has no user %s: %w", user, err)
		}
	}
	return fmt.Errorf("mailboxes of %s: %w", user, err)
}
