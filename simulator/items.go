package simulator

import (
	"net/url"
	"strconv"
	"strings"
)

// resource is the path of what is asked for, as Graph spells it in links.
func (c *call) resource() string {
	if c.op == OpUsers {
		return "/users"
	}
	path := "/admin/exchange/mailboxes/" + c.box.id + "/folders"
	if c.folderKey != "" {
		path += "('" + url.PathEscape(strings.ReplaceAll(c.folderKey, "'", "''")) + "')"
	}
	switch c.op {
	case OpItems:
		return path + "/items"
	case OpItemDelta:
		return path + "/items/delta"
	}
	if c.children {
		path += "/childFolders"
	}
	if c.op == OpFolderDelta {
		path += "/delta"
	}
	return path
}

// items lists a folder's items.
func (c *call) items() error {
	f, err := c.theFolder()
	if err != nil {
		return err
	}
	q := &c.query
	if !q.ordered && q.filter.compares("lastmodifieddatetime") {
		q.order = byChange
	}
	v := c.box.view(f, q.order)
	from, to, rest := q.filter.bounds(v)
	found := selection{from: from, to: to, descending: q.descending, view: v, rest: rest, call: c}
	numbers, more := found.slice(q.skip, q.size)
	if err := c.effect.corrupt(c, numbers); err != nil {
		return err
	}
	p := page{context: "admin/exchange/mailboxes/" + c.box.id + "/folders('" + c.folderKey + "')/items"}
	if q.count {
		p.count = found.count()
	}
	if more {
		p.next = q.link(c, "$skip", strconv.Itoa(q.skip+q.size))
	}
	return c.writePage(p, len(numbers), func(i int, o *object) bool {
		it, ok := c.server.item(c.box, numbers[i])
		if ok {
			c.listedItem(o, &it)
		}
		return ok
	})
}

// listedItem puts an item as a list shows it.
func (c *call) listedItem(o *object, it *item) {
	o.str("@odata.type", "#microsoft.graph.mailboxItem")
	c.itemInto(o, it)
}

// compares tells whether the filter looks at a property.
func (f filter) compares(field string) bool {
	for _, t := range f {
		if t.field == field {
			return true
		}
	}
	return false
}

// selection is the items that a request asks for, in its order.
type selection struct {
	from, to   int // positions in view
	descending bool
	view       *view
	rest       filter
	call       *call
}

// number returns the i-th of the items before rest is looked at.
func (s *selection) number(i int) uint64 {
	if s.descending {
		return s.view.number(s.to - 1 - i)
	}
	return s.view.number(s.from + i)
}

// slice returns up to n items behind the first skip, and whether there are more.
func (s *selection) slice(skip, n int) (numbers []uint64, more bool) {
	if len(s.rest) == 0 {
		all := s.to - s.from
		for i := min(skip, all); i < all && len(numbers) < n; i++ {
			numbers = append(numbers, s.number(i))
		}
		return numbers, all > skip+n
	}
	for number := range s.matching {
		if skip--; skip >= 0 {
			continue
		}
		if len(numbers) == n {
			return numbers, true
		}
		numbers = append(numbers, number)
	}
	return numbers, false
}

// matching goes through the items that rest lets pass.
func (s *selection) matching(yield func(uint64) bool) {
	for i := range s.to - s.from {
		it, ok := s.call.server.item(s.call.box, s.number(i))
		if ok && s.rest.matches(&it) && !yield(it.number) {
			return
		}
	}
}

func (s *selection) count() int {
	if len(s.rest) == 0 {
		return s.to - s.from
	}
	n := 0
	for range s.matching {
		n++
	}
	return n
}

// item answers with one item.
func (c *call) item() error {
	f, err := c.theFolder()
	if err != nil {
		return err
	}
	number, err := c.server.sealer.decode(c.box, kindItem, c.itemKey)
	if err != nil {
		return idError(err)
	}
	it, ok := c.server.item(c.box, number)
	if !ok || it.folder.index != f.index {
		return idError(errUnknownID)
	}
	var o object
	c.itemInto(&o, &it)
	return c.writeOne("admin/exchange/mailboxes/"+c.box.id+"/folders('"+c.folderKey+"')/items/$entity", &o)
}

// itemInto puts the properties that were asked for.
func (c *call) itemInto(o *object, it *item) {
	if it.version > 0 && c.effect.stale(c.server.itemID(*it)) {
		older := c.server.before(*it)
		it = &older
	}
	q, key := &c.query, it.changeKey()
	o.str("@odata.etag", `W/"`+key+`"`)
	o.str("id", c.server.itemID(*it))
	if q.wants("createddatetime") {
		o.time("createdDateTime", it.created)
	}
	if q.wants("lastmodifieddatetime") {
		o.time("lastModifiedDateTime", it.modified)
	}
	if q.wants("changekey") {
		o.str("changeKey", key)
	}
	if q.wants("categories") {
		o.strs("categories", it.labels)
	}
	if q.wants("type") {
		o.str("type", it.class)
	}
	if q.wants("size") {
		o.num("size", it.reported)
	}
	if len(q.expand) > 0 {
		o.extended(c.itemProperties(it))
	}
}
