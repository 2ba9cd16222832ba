package simulator

import (
	"net/http"
	"net/url"

	"github.com/mailhaul/mailhaul/simulator/internal/odata"
)

// checkVersion refuses requests to archives that v1.0 does not take.
func (t *target) checkVersion() error {
	if t.mailbox.Archive && t.version == "v1.0" {
		return odata.Errorf(http.StatusForbidden, "ErrorAccessDenied", "Operation on Archive mailbox not allowed")
	}
	return nil
}

// redirect leads the client to the mailbox that a folder lives in.
func (c *call) redirect(auxiliary int) error {
	to := c.base() + "/admin/Exchange/Mailboxes/" + c.mailbox.IDOf(auxiliary)
	for _, s := range c.subpath {
		to += "/" + url.PathEscape(s)
	}
	if c.r.URL.RawQuery != "" {
		to += "?" + c.r.URL.RawQuery
	}
	return &odata.Error{Status: http.StatusPermanentRedirect, Empty: true, Header: [][2]string{{"Location", to}}}
}

// codeMoved is the error code of an item that lives in another mailbox.
const codeMoved = "ErrorArchiveFolderMovedPermanently"

// movedItem is the error of an item that lives in another mailbox. Its message is the URL to export
// the item from.
func (t *target) movedItem(auxiliary int) *odata.Error {
	return &odata.Error{Code: codeMoved, Message: t.mailboxURL(auxiliary) + "/exportItems"}
}

// writeBrokenPage answers a delta of an archive's items as the service does: the page breaks off.
func (c *call) writeBrokenPage() error {
	c.answer.begin(c.version, c.base()+"/$metadata#Collection(mailboxItem)")
	c.answer.body.Text(`,"value":[{"@odata.type":"#microsoft.graph.mailboxItem","@odata.etag":"W/`)
	return nil
}
