package simulator

import (
	"net/http"
	"net/url"
	"slices"
)

// maxDeltaOptions bounds the options of a delta's first request, which its tokens carry along, in bytes.
const maxDeltaOptions = 4096

// round reads where a delta request goes on, or where it begins.
func (c *call) round(folder int, items bool) (syncToken, error) {
	t := syncToken{Mailbox: c.box.index, Folder: folder, Items: items}
	given := ""
	for _, name := range []string{"$skiptoken", "$deltatoken"} {
		given += c.query.values.Get(name)
	}
	epoch := c.box.epoch(t)
	if given == "" {
		c.query.values.Del("$deltatoken") // empty: begin anew
		t.Options, t.Until, t.Listing, t.Epoch = c.query.values.Encode(), c.box.now(), true, epoch.epoch
		if len(t.Options) > maxDeltaOptions {
			return t, refusal(http.StatusBadRequest, "ErrorInvalidUrlQuery", "The query is too long.")
		}
		return t, nil
	}
	old, err := c.server.sealer.open(given)
	if err != nil || old.Mailbox != t.Mailbox || old.Folder != t.Folder || old.Items != items {
		return t, refusal(http.StatusBadRequest, "SyncStateInvalid", "The sync state is invalid.")
	}
	if how := c.effect.expiry(); how != 0 {
		return t, how.refuse(c)
	}
	if old.Epoch < epoch.epoch {
		return t, epoch.how.refuse(c)
	}
	if err := c.resume(old.Options); err != nil {
		return t, err
	}
	if c.query.values.Has("$deltatoken") {
		old.Until = c.box.now()
	}
	return old, nil
}

// resume takes the options from a token, but the page size from the request if that asks for one.
func (c *call) resume(options string) error {
	given := c.query
	values, err := url.ParseQuery(options)
	if err != nil {
		return err
	}
	for _, name := range []string{"$skiptoken", "$deltatoken"} {
		if given.values.Has(name) {
			values.Set(name, given.values.Get(name))
		}
	}
	c.query = query{values: values}
	return c.query.parse(c)
}

// now is the number of changes so far.
func (m *mailbox) now() uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.seq
}

// links are what a page of a delta ends with: the next page, or the next round.
func (c *call) links(p *page, t syncToken, more bool) {
	name := "$deltatoken"
	if more {
		name = "$skiptoken"
	} else {
		t = syncToken{Mailbox: t.Mailbox, Folder: t.Folder, Items: t.Items, Options: t.Options, Number: t.Until, Epoch: t.Epoch}
	}
	link := c.base() + c.resource() + "?" + escape(name) + "=" + c.server.sealer.seal(t)
	if more {
		p.next = link
	} else {
		p.delta = link
	}
}

// tombstone tells of something that is gone.
func (o *object) tombstone(id, reason string) {
	var removed object
	removed.str("reason", reason)
	o.str("id", id)
	o.raw("@removed", removed.bytes())
}

// itemDelta answers with what changed in a folder.
func (c *call) itemDelta() error {
	f, err := c.theFolder()
	if err != nil {
		return syncFolderError(err)
	}
	if c.version == "beta" && c.query.fields != nil {
		return refusal(http.StatusBadRequest, "ErrorInvalidUrlQuery", "The query parameter '$select' is not supported.")
	}
	if c.box.archive {
		return c.brokenDelta()
	}
	t, err := c.round(f.index, true)
	if err != nil {
		return err
	}
	var numbers []uint64
	more := true
	switch {
	case c.effect.empty():
	case t.Listing:
		numbers, more = c.listedPage(f, &t)
	default:
		numbers, more = c.changedPage(c.box.itemLog(f), &t)
	}
	if err := c.effect.corrupt(c, numbers); err != nil {
		return err
	}
	p := page{context: "Collection(mailboxItem)"}
	c.links(&p, t, more)
	return c.writePage(p, len(numbers), func(i int, o *object) bool { return c.changedItem(o, numbers[i], t.Listing) })
}

// brokenDelta is what archives answer: the beginning of a page, and no end.
func (c *call) brokenDelta() error {
	c.ok()
	c.out.text(`{"@odata.context":`)
	c.out.json(c.base() + "/$metadata#Collection(mailboxItem)")
	c.out.text(`,"value":[{"@odata.type":"#microsoft.graph.mailboxItem","@odata.etag":"W/`)
	return c.end()
}

// syncFolderError is how deltas say that a folder is not there.
func syncFolderError(err error) error {
	if e, ok := err.(*apiError); ok && e.code == "ErrorItemNotFound" {
		return refusal(http.StatusNotFound, "ErrorSyncFolderNotFound", "The folder to synchronize could not be found.")
	}
	return err
}

// listedPage is a page of a round that lists what there is. It goes on behind the last item told, wherever that is by now.
func (c *call) listedPage(f *folder, t *syncToken) (numbers []uint64, more bool) {
	v := c.box.view(f, byCreation)
	from, to, _ := c.query.filter.bounds(v)
	descending := c.query.descending
	if t.Number != 0 || t.Key != 0 {
		if descending {
			to = v.rank(t.Key, t.Number)
		} else {
			from = v.rank(t.Key, t.Number+1)
		}
	}
	if n := c.replayed(); descending {
		to = min(to+n, v.len())
	} else {
		from = max(0, from-n)
	}
	s := selection{from: from, to: max(from, to), descending: descending, view: v}
	numbers, more = s.slice(0, c.query.size)
	if len(numbers) > 0 {
		t.Number = numbers[len(numbers)-1]
		t.Key = c.box.created(t.Number)
	}
	return numbers, more
}

// replayed is how many elements a page begins too early: fewer than it has, so that there is an end.
func (c *call) replayed() int { return min(c.effect.replay(), c.query.size-1) }

// created is when an item came to be, in Unix nanoseconds.
func (m *mailbox) created(number uint64) int64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	c, _ := m.lookup(number)
	return c.created.UnixNano()
}

// itemLog is the log of a folder's items; a search folder's is that of its source.
func (m *mailbox) itemLog(f *folder) func(seq, last uint64, n int) ([]logEntry, bool) {
	index := f.index
	if f.search {
		index = f.source
	}
	return func(seq, last uint64, n int) ([]logEntry, bool) {
		m.mu.RLock()
		defer m.mu.RUnlock()
		list := m.folders[index]
		if list == nil {
			return nil, false
		}
		return list.log.after(seq, last, n)
	}
}

// changedPage is a page of a round that tells changes.
func (c *call) changedPage(log func(seq, last uint64, n int) ([]logEntry, bool), t *syncToken) (what []uint64, more bool) {
	seq := t.Number
	if n := uint64(c.replayed()); n > 0 {
		seq -= min(seq, n)
	}
	entries, more := log(seq, t.Until, c.query.size)
	for _, e := range entries {
		what = append(what, e.what)
		t.Number = e.seq
	}
	return what, more
}

// changedItem puts an item as it is now, or its tombstone, and tells if there is nothing to put.
func (c *call) changedItem(o *object, number uint64, listing bool) bool {
	it, ok := c.server.item(c.box, number)
	if ok {
		wanted := c.query.filter.matches(&it)
		if wanted {
			c.listedItem(o, &it)
		}
		return wanted
	}
	reason := "deleted"
	if c.box.how(number) == moved {
		reason = "changed"
	}
	if !listing { // otherwise it went while the page was made, and the next round tells
		o.tombstone(c.server.sealer.encode(c.box, kindItem, number), reason)
	}
	return !listing
}

// how tells how an item left its folder.
func (m *mailbox) how(number uint64) presence {
	m.mu.RLock()
	defer m.mu.RUnlock()
	c, _ := m.lookup(number)
	return c.presence
}

// folderDelta answers with what changed in the tree of folders, or among the children of one.
func (c *call) folderDelta() error {
	parent := -1
	f, err := c.theFolder()
	if err != nil {
		return syncFolderError(err)
	}
	if c.folderKey != "" {
		parent = f.index
	}
	t, err := c.round(parent, false)
	if err != nil {
		return err
	}
	var indexes []uint64
	more := true
	switch {
	case c.effect.empty():
	case t.Listing:
		indexes, more = c.listedFolders(&t)
	default:
		indexes, more = c.changedPage(c.box.folderLog, &t)
	}
	p := page{context: "Collection(mailboxFolder)"}
	c.links(&p, t, more)
	tree := c.box.folderTree()
	return c.writePage(p, len(indexes), func(i int, o *object) bool { return c.changedFolder(o, tree, int(indexes[i]), parent) })
}

func (m *mailbox) folderLog(seq, last uint64, n int) ([]logEntry, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.log.after(seq, last, n)
}

// listedFolders is a page of a round that lists all folders, by their numbers.
func (c *call) listedFolders(t *syncToken) (indexes []uint64, more bool) {
	folders := c.box.folderTree().folders
	for i := max(1, int(t.Number)+1-c.replayed()); i < len(folders); i++ {
		if folders[i].gone {
			continue
		}
		if len(indexes) == c.query.size {
			return indexes, true
		}
		indexes = append(indexes, uint64(i))
		t.Number = uint64(i)
	}
	return indexes, false
}

// changedFolder puts a folder as it is now, or its tombstone, and tells if the request did not ask for such a one.
func (c *call) changedFolder(o *object, t *tree, index, parent int) bool {
	f := &t.folders[index]
	switch {
	case f.parent < 0, f.hidden && !c.query.hidden:
		return false
	case parent >= 0 && f.parent != parent && !slices.Contains(f.former, parent):
		return false
	case f.gone:
		o.tombstone(c.server.folderID(c.box, index), "deleted")
	case parent >= 0 && f.parent != parent:
		o.tombstone(c.server.folderID(c.box, index), "changed")
	default:
		c.listedFolder(o, f)
	}
	return true
}
