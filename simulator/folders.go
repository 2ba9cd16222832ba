package simulator

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// notInArchives is how v1.0 answers what it does not do in archives.
func (c *call) notInArchives() error {
	if c.box.archive && c.version == "v1.0" {
		return refusal(http.StatusForbidden, "ErrorAccessDenied", "Operation on Archive mailbox not allowed")
	}
	return nil
}

// theFolder is the folder that the path names; the root if it names none.
func (c *call) theFolder() (*folder, error) {
	if err := c.notInArchives(); err != nil {
		return nil, err
	}
	if c.folderKey == "" {
		return &c.box.folderTree().folders[0], nil
	}
	f, err := c.server.folder(c.box, c.folderKey)
	switch {
	case err != nil:
		return nil, idError(err)
	case f.auxiliary != c.auxiliary:
		return nil, c.redirect(f.auxiliary)
	}
	return f, nil
}

// redirect sends the client to the mailbox that a folder lives in.
func (c *call) redirect(auxiliary int) error {
	to := c.host() + "/" + c.version + "/admin/Exchange/Mailboxes/" + c.box.physical(auxiliary)
	for _, s := range c.behind {
		to += "/" + url.PathEscape(s)
	}
	if c.r.URL.RawQuery != "" {
		to += "?" + c.r.URL.RawQuery
	}
	return &apiError{status: http.StatusPermanentRedirect, empty: true, headers: [][2]string{{"Location", to}}}
}

// folders lists the folders right below one.
func (c *call) folders() error {
	parent, err := c.theFolder()
	if err != nil {
		return err
	}
	t := c.box.folderTree()
	below := t.folders[parent.index].children
	if c.folderKey == "" && c.auxiliary > 0 {
		below = t.tops(c.auxiliary)
	}
	var shown []*folder
	for _, i := range below {
		if f := &t.folders[i]; c.lists(f) {
			shown = append(shown, f)
		}
	}
	if c.query.ordered {
		slices.SortStableFunc(shown, func(a, b *folder) int { return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name)) })
		if c.query.descending {
			slices.Reverse(shown)
		}
	}
	p := page{context: "admin/exchange/mailboxes/" + c.box.id + "/folders", count: len(shown)}
	first := min(c.query.skip, len(shown))
	last := min(first+c.query.size, len(shown))
	if last < len(shown) {
		p.next = c.query.link(c, "$skip", strconv.Itoa(last))
	}
	shown = shown[first:last]
	return c.writePage(p, len(shown), func(i int, o *object) bool {
		c.listedFolder(o, shown[i])
		return true
	})
}

// tops are the folders in an auxiliary mailbox whose parents are not.
func (t *tree) tops(auxiliary int) []int {
	var all []int
	for i := range t.folders {
		if f := &t.folders[i]; !f.gone && f.auxiliary == auxiliary && t.folders[f.parent].auxiliary != auxiliary {
			all = append(all, i)
		}
	}
	return all
}

// lists tells whether the request asked for such a folder.
func (c *call) lists(f *folder) bool {
	if f.hidden && !c.query.hidden {
		return false
	}
	for i := range c.query.filter {
		ok := false
		switch t := &c.query.filter[i]; t.field {
		case "displayname":
			ok = t.equal(f.name)
		case "type":
			ok = t.equal(f.kind)
		case "wellknownname":
			ok = t.equal(f.wellKnown)
		default:
			ok = t.compare(int64(c.box.view(f, byCreation).len()))
		}
		if !ok {
			return false
		}
	}
	return true
}

// folder answers with one folder.
func (c *call) folder() error {
	f, err := c.theFolder()
	if err != nil {
		return err
	}
	var o object
	c.folderInto(&o, f)
	return c.writeOne("admin/exchange/mailboxes/"+c.box.id+"/folders/$entity", &o)
}

// listedFolder puts a folder as a list shows it.
func (c *call) listedFolder(o *object, f *folder) {
	o.str("@odata.type", "#microsoft.graph.mailboxFolder")
	c.folderInto(o, f)
}

// folderInto puts the properties that were asked for.
func (c *call) folderInto(o *object, f *folder) {
	s, q := c.server, &c.query
	o.str("id", s.folderID(c.box, f.index))
	if q.wants("displayname") {
		o.str("displayName", f.name)
	}
	if q.wants("parentfolderid") && f.parent >= 0 {
		o.str("parentFolderId", s.folderID(c.box, f.parent))
	}
	if q.wants("parentmailboxurl") {
		o.str("parentMailboxUrl", c.base()+"/admin/exchange/mailboxes/"+c.box.id)
	}
	if q.wants("childfoldercount") {
		o.num("childFolderCount", int64(len(f.children)))
	}
	if q.wants("totalitemcount") {
		o.num("totalItemCount", int64(c.box.view(f, byCreation).len()))
	}
	if q.wants("wellknownname") && f.wellKnown != "" {
		o.str("wellKnownName", f.wellKnown)
	}
	if q.wants("type") {
		o.str("type", f.kind)
	}
	o.extended(folderProperties(f, q.expand))
}

// folderProperties are those of the extended properties asked for that folders have.
func folderProperties(f *folder, asked []string) []property {
	var has []property
	for _, id := range asked {
		switch id {
		case propertyHidden:
			has = append(has, property{id, strconv.FormatBool(f.hidden)})
		case propertyFolderType:
			kind := "1"
			switch {
			case f.search:
				kind = "2"
			case f.parent < 0:
				kind = "0"
			}
			has = append(has, property{id, kind})
		}
	}
	return has
}
