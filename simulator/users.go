package simulator

import (
	"net/http"
	"strconv"
	"strings"
)

// theUser is the user that the path names by id or principal name.
func (c *call) theUser() *user { return c.server.users[strings.ToLower(c.userKey)] }

// users lists the users.
func (c *call) users() error {
	all := c.server.order
	first, err := c.query.number("$skiptoken", 0, 0)
	if err != nil {
		return err
	}
	first = min(first, len(all))
	last := min(first+c.query.size, len(all))
	p := page{context: "users", count: len(all)}
	if last < len(all) {
		p.next = c.query.link(c, "$skiptoken", strconv.Itoa(last))
	}
	return c.writePage(p, last-first, func(i int, o *object) bool {
		c.userInto(o, all[first+i])
		return true
	})
}

// user answers with one user.
func (c *call) user() error {
	u := c.theUser()
	if u == nil {
		return refusal(http.StatusNotFound, "Request_ResourceNotFound",
			"Resource '%s' does not exist or one of its queried reference-property objects are not present.", clip(c.userKey))
	}
	o := &object{}
	c.userInto(o, u)
	return c.writeOne("users/$entity", o)
}

// userInto puts the properties that were asked for.
func (c *call) userInto(o *object, u *user) {
	for _, f := range [][2]string{{"id", u.id}, {"displayName", u.display}, {"userPrincipalName", u.name}, {"mail", u.name}} {
		if c.query.wants(strings.ToLower(f[0])) {
			o.str(f[0], f[1])
		}
	}
}

// settings answers with the ids of a user's mailboxes. Only beta tells of archives.
func (c *call) settings() error {
	u := c.theUser()
	if u == nil {
		return refusal(http.StatusNotFound, "ErrorInvalidUser", "The requested user '%s' is invalid.", clip(c.userKey))
	}
	o := &object{}
	if c.query.wants("primarymailboxid") {
		o.str("primaryMailboxId", u.primary.id)
	}
	if u.archive != nil && c.version == "beta" && c.query.wants("inplacearchivemailboxid") {
		o.str("inPlaceArchiveMailboxId", u.archive.id)
	}
	return c.writeOne("users('"+strings.ReplaceAll(u.name, "@", "%40")+"')/settings/exchange/$entity", o)
}
