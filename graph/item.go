package graph

import (
	"context"
	"net/http"
	"net/url"
)

// Item returns an item of a folder as it is now, without its Properties.
//
// https://learn.microsoft.com/graph/api/mailboxitem-get
func (m *MailboxClient) Item(ctx context.Context, folderID, id string) (Item, error) {
	target := m.url("folders", folderID, "items", id) + "?" + url.Values{"$select": {selectItem}}.Encode()
	call := &call{op: "look at an item", method: http.MethodGet, url: target}
	listed, err := get[listedItem](ctx, &m.caller, call)
	if err == nil && listed.ID != id {
		err = &Error{Op: call.op, Err: finalf("another item came")}
	}
	return listed.item(), err
}
