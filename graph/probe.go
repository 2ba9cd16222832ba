package graph

import (
	"context"
	"net/http"
)

// Probe asks Graph about the mailbox itself, with all patience. An error means that the trouble
// is the mailbox's, the app's or Graph's, and not that of one folder or item.
func (m *MailboxClient) Probe(ctx context.Context) error {
	call := call{op: "look at the mailbox", method: http.MethodGet, url: m.url("folders") + "?$top=1"}
	return m.do(ctx, &call, func(*reply) error { return nil })
}
