package simulator

import (
	"strconv"

	"github.com/mailhaul/mailhaul/simulator/internal/content"
	"github.com/mailhaul/mailhaul/simulator/internal/mailbox"
	"github.com/mailhaul/mailhaul/simulator/internal/odata"
)

// listItems lists a folder's items.
func listItems(c *call) error {
	f, err := c.findFolder()
	if err != nil {
		return err
	}
	q := &c.query
	order := mailbox.ByCreation
	if q.OrderBy == fieldModified || q.OrderBy == "" && q.Filter.Uses(fieldModified) {
		order = mailbox.ByChange
	}
	found := c.selectItems(f, order)
	numbers, more := found.slice(q.Skip, q.Size)
	if err := c.effect.corrupt(c.mailbox, numbers); err != nil {
		return err
	}
	p := page{context: "admin/exchange/mailboxes/" + c.mailbox.ID + "/folders('" + c.folder + "')/items"}
	if q.Count {
		p.count = found.count()
	}
	if more {
		p.next = q.Link(c.resource(), "$skip", strconv.Itoa(q.Skip+q.Size))
	}
	w := c.itemWriter()
	return c.writePage(p, len(numbers), func(i int, o *odata.Object) bool {
		it, ok := c.mailbox.Item(numbers[i])
		if ok {
			w.putListed(o, &it)
		}
		return ok
	})
}

// showItem answers with one item.
func showItem(c *call) error {
	f, err := c.findFolder()
	if err != nil {
		return err
	}
	number, err := c.mailbox.ItemNumber(c.item)
	if err != nil {
		return idError(err)
	}
	it, ok := c.mailbox.Item(number)
	if !ok || it.Folder.Index != f.Index {
		return idError(mailbox.ErrUnknownID)
	}
	var o odata.Object
	c.itemWriter().put(&o, &it)
	return c.writeOne("admin/exchange/mailboxes/"+c.mailbox.ID+"/folders('"+c.folder+"')/items/$entity", &o)
}

// The times of items that filters and orders name. An item is received when it is created.
const (
	fieldCreated  = "createddatetime"
	fieldReceived = "receiveddatetime"
	fieldModified = "lastmodifieddatetime"
)

// itemEntity lets filters see an item.
type itemEntity struct{ *mailbox.Item }

// TextOf returns the message class, the only text.
func (it itemEntity) TextOf(string) string { return it.Class }

func (it itemEntity) NumberOf(field string) int64 {
	switch field {
	case "size":
		return it.ListedSize
	case fieldModified:
		return it.Modified.UnixNano()
	}
	return it.Created.UnixNano()
}

// selection is the items of a view that a query selects, in its order.
type selection struct {
	mailbox    *hostedMailbox
	view       *mailbox.View
	from, to   int // positions
	descending bool
	rest       odata.Filter // for the items at these positions
}

// selectItems returns the items of a folder that match the filter.
func (c *call) selectItems(f *mailbox.Folder, order mailbox.Order) selection {
	fields := []string{fieldCreated, fieldReceived}
	if order == mailbox.ByChange {
		fields = []string{fieldModified}
	}
	s := selection{mailbox: c.mailbox, view: c.mailbox.View(f, order), descending: c.query.Descending}
	rank := func(n int64) int { return s.view.Rank(n, 0) }
	s.from, s.to, s.rest = c.query.Filter.Range(fields, s.view.Len(), rank)
	return s
}

// number returns the number of the i-th item, of those that rest does not match too.
func (s *selection) number(i int) uint64 {
	if s.descending {
		return s.view.Number(s.to - 1 - i)
	}
	return s.view.Number(s.from + i)
}

// slice returns up to n items after the first skip, and whether there are more.
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

// matching yields the items that rest matches.
func (s *selection) matching(yield func(uint64) bool) {
	for i := range s.to - s.from {
		it, ok := s.mailbox.Item(s.number(i))
		if ok && s.rest.Matches(itemEntity{&it}) && !yield(it.Number) {
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

// itemWriter writes items as a request wants them.
type itemWriter struct {
	query    *odata.Query
	effect   *effect
	extended *content.Selector // nil if there is nothing to expand
}

func (c *call) itemWriter() itemWriter {
	w := itemWriter{query: &c.query, effect: &c.effect}
	if len(c.query.Expand) > 0 {
		w.extended = c.server.generator.Select(c.query.Expand)
	}
	return w
}

// putListed adds an item as lists show it.
func (w itemWriter) putListed(o *odata.Object, it *mailbox.Item) {
	o.String("@odata.type", "#microsoft.graph.mailboxItem")
	w.put(o, it)
}

// put adds the selected properties of an item.
func (w itemWriter) put(o *odata.Object, it *mailbox.Item) {
	id := it.ID()
	if it.Version > 0 && w.effect.stale(id) {
		previous := it.Previous()
		it = &previous
	}
	q, key := w.query, it.ChangeKey()
	o.String("@odata.etag", `W/"`+key+`"`)
	if !w.effect.hidesID(id) {
		o.String("id", id)
	}
	if q.Selects("createddatetime") {
		o.Time("createdDateTime", it.Created)
	}
	if q.Selects("lastmodifieddatetime") {
		o.Time("lastModifiedDateTime", it.Modified)
	}
	if q.Selects("changekey") {
		o.String("changeKey", key)
	}
	if q.Selects("categories") {
		o.Strings("categories", it.Categories)
	}
	if q.Selects("type") {
		o.String("type", it.Class)
	}
	if q.Selects("size") {
		o.Int("size", it.ListedSize)
	}
	if w.extended != nil {
		for _, p := range w.extended.Properties(&it.Message) {
			o.ExtendedProperty(p.ID, p.Value)
		}
	}
}
