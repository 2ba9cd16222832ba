package simulator

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/mailhaul/mailhaul/simulator/internal/odata"
)

// listUsers lists the users.
func listUsers(c *call) error {
	all := c.server.tenant.users
	first, err := c.query.Int("$skiptoken", 0, 0)
	if err != nil {
		return err
	}
	first = min(first, len(all))
	last := min(first+c.query.Size, len(all))
	p := page{context: "users", count: len(all)}
	if last < len(all) {
		p.next = c.query.Link(c.resource(), "$skiptoken", strconv.Itoa(last))
	}
	return c.writePage(p, last-first, func(i int, o *odata.Object) bool {
		putUser(o, &c.query, all[first+i])
		return true
	})
}

// showUser answers with one user.
func showUser(c *call) error {
	u := c.server.tenant.user(c.user)
	if u == nil {
		return odata.Errorf(http.StatusNotFound, "Request_ResourceNotFound",
			"Resource '%s' does not exist or one of its queried reference-property objects are not present.", odata.Clip(c.user))
	}
	var o odata.Object
	putUser(&o, &c.query, u)
	return c.writeOne("users/$entity", &o)
}

// putUser adds the selected properties of a user.
func putUser(o *odata.Object, q *odata.Query, u *user) {
	for _, f := range [][2]string{{"id", u.id}, {"displayName", u.display}, {"userPrincipalName", u.name}, {"mail", u.name}} {
		if q.Selects(strings.ToLower(f[0])) {
			o.String(f[0], f[1])
		}
	}
}

// showSettings answers with the ids of a user's mailboxes. Only beta shows archives.
func showSettings(c *call) error {
	u := c.server.tenant.user(c.user)
	if u == nil {
		return odata.Errorf(http.StatusNotFound, "ErrorInvalidUser", "The requested user '%s' is invalid.", odata.Clip(c.user))
	}
	var o odata.Object
	if c.query.Selects("primarymailboxid") {
		o.String("primaryMailboxId", u.primary.ID)
	}
	if u.archive != nil && c.version == "beta" && c.query.Selects("inplacearchivemailboxid") {
		o.String("inPlaceArchiveMailboxId", u.archive.ID)
	}
	return c.writeOne("users('"+strings.ReplaceAll(u.name, "@", "%40")+"')/settings/exchange/$entity", &o)
}
