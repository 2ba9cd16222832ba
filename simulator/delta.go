package simulator

import (
	"errors"
	"net/http"
	"slices"

	"github.com/mailhaul/mailhaul/simulator/internal/mailbox"
	"github.com/mailhaul/mailhaul/simulator/internal/odata"
)

// listItemChanges answers with a page of a delta of a folder's items.
func listItemChanges(c *call) error {
	f, err := c.findFolder()
	if err != nil {
		return syncFolderError(err)
	}
	if c.version == "beta" && c.query.HasSelect() {
		return odata.Errorf(http.StatusBadRequest, "ErrorInvalidUrlQuery", "The query parameter '$select' is not supported.")
	}
	if c.mailbox.Archive {
		return c.writeBrokenPage()
	}
	p, err := newDeltaPage(c, f.Index, true)
	if err != nil {
		return err
	}
	p.fill(func() { p.addItems(f) }, func(after, until uint64, n int) ([]mailbox.Change, bool) {
		return c.mailbox.ChangedItems(f, after, until, n)
	})
	if err := c.effect.corrupt(c.mailbox, p.elements); err != nil {
		return err
	}
	w := c.itemWriter()
	return p.write("Collection(mailboxItem)", func(i int, o *odata.Object) bool { return p.putItem(o, w, p.elements[i]) })
}

// listFolderChanges answers with a page of a delta of all folders, or of those directly below one.
func listFolderChanges(c *call) error {
	parent := allFolders
	f, err := c.findFolder()
	if err != nil {
		return syncFolderError(err)
	}
	if c.folder != "" {
		parent = f.Index
	}
	p, err := newDeltaPage(c, parent, false)
	if err != nil {
		return err
	}
	p.fill(p.addFolders, c.mailbox.ChangedFolders)
	t, w := c.mailbox.Tree(), c.folderWriter()
	return p.write("Collection(mailboxFolder)", func(i int, o *odata.Object) bool {
		return putFolderChange(o, w, t, int(p.elements[i]), parent)
	})
}

// syncFolderError gives the error of a folder that does not exist the form that deltas give it.
func syncFolderError(err error) error {
	if e, ok := errors.AsType[*odata.Error](err); ok && e.Code == "ErrorItemNotFound" {
		return odata.Errorf(http.StatusNotFound, "ErrorSyncFolderNotFound", "The folder to synchronize could not be found.")
	}
	return err
}

// deltaPage is a page of a delta while it is made.
type deltaPage struct {
	call     *call
	token    deltaToken
	elements []uint64 // numbers of items or indices of folders
	more     bool     // the round has more pages
}

// newDeltaPage reads the request's token. It must come before the query is used, as the token may
// replace the query.
func newDeltaPage(c *call, folder int, items bool) (*deltaPage, error) {
	t, err := c.readToken(folder, items)
	return &deltaPage{call: c, token: t}, err
}

// fill finds the page's elements: list adds those of a round that lists everything, and changed
// returns changes.
func (p *deltaPage) fill(list func(), changed func(after, until uint64, n int) ([]mailbox.Change, bool)) {
	switch {
	case p.call.effect.emptyPage():
		p.more = true
	case p.token.Listing:
		list()
	default:
		p.addChanges(changed)
	}
}

// replayed is how many elements too early the page begins: fewer than it has, so that the round
// ends.
func (p *deltaPage) replayed() int { return min(p.call.effect.replay(), p.call.query.Size-1) }

// addItems lists items after the last one that the round has listed, wherever that is now.
func (p *deltaPage) addItems(f *mailbox.Folder) {
	c, t := p.call, &p.token
	s := c.selectItems(f, mailbox.ByCreation)
	s.rest = nil // is for putItem to match
	if t.Number != 0 || t.Key != 0 {
		if s.descending {
			s.to = s.view.Rank(t.Key, t.Number)
		} else {
			s.from = s.view.Rank(t.Key, t.Number+1)
		}
	}
	if n := p.replayed(); s.descending {
		s.to = min(s.to+n, s.view.Len())
	} else {
		s.from = max(0, s.from-n)
	}
	s.to = max(s.from, s.to)
	p.elements, p.more = s.slice(0, c.query.Size)
	if len(p.elements) > 0 {
		t.Number = p.elements[len(p.elements)-1]
		t.Key = c.mailbox.Created(t.Number)
	}
}

// addFolders lists folders by their indices.
func (p *deltaPage) addFolders() {
	t := &p.token
	folders := p.call.mailbox.Tree().Folders
	for i := max(1, int(t.Number)+1-p.replayed()); i < len(folders); i++ {
		if folders[i].Gone {
			continue
		}
		if len(p.elements) == p.call.query.Size {
			p.more = true
			return
		}
		p.elements = append(p.elements, uint64(i))
		t.Number = uint64(i)
	}
}

// addChanges adds what changed after the last change that the round has shown.
func (p *deltaPage) addChanges(changed func(after, until uint64, n int) ([]mailbox.Change, bool)) {
	after := p.token.Number
	if n := uint64(p.replayed()); n > 0 {
		after -= min(after, n)
	}
	changes, more := changed(after, p.token.Until, p.call.query.Size)
	p.more = more
	for _, change := range changes {
		p.elements = append(p.elements, change.What)
		p.token.Number = change.Position
	}
}

// write writes the page, which ends with a link to the next page or to the next round.
func (p *deltaPage) write(context string, element func(i int, o *odata.Object) bool) error {
	c, t := p.call, p.token
	out := page{context: context}
	name, link := "$skiptoken", &out.next
	if !p.more {
		name, link = "$deltatoken", &out.delta
		t = deltaToken{Mailbox: t.Mailbox, Folder: t.Folder, Items: t.Items, Options: t.Options, Number: t.Until, Epoch: t.Epoch}
	}
	*link = c.resource() + "?" + odata.Escape(name) + "=" + sealToken(c.server.sealer, t)
	return c.writePage(out, len(p.elements), element)
}

// putItem adds an item as it is now, or its tombstone. It returns false if the page does not show
// the item.
func (p *deltaPage) putItem(o *odata.Object, w itemWriter, number uint64) bool {
	c := p.call
	it, ok := c.mailbox.Item(number)
	if ok {
		wanted := c.query.Filter.Matches(itemEntity{&it})
		if wanted {
			w.putListed(o, &it)
		}
		return wanted
	}
	if p.token.Listing {
		return false // it left while the page was made, and the next round shows that
	}
	reason := "deleted"
	if c.mailbox.Moved(number) {
		reason = "changed"
	}
	putTombstone(o, c.mailbox.ItemID(number), reason)
	return true
}

// putFolderChange adds a folder as it is now, or its tombstone. It returns false if the request is
// not for such folders.
func putFolderChange(o *odata.Object, w folderWriter, t *mailbox.Tree, index, parent int) bool {
	f := &t.Folders[index]
	inParent := parent == allFolders || f.Parent == parent
	switch {
	case f.Parent < 0, !w.shows(f):
		return false
	case !inParent && !slices.Contains(f.Former, parent):
		return false
	case f.Gone:
		putTombstone(o, w.mailbox.FolderID(index), "deleted")
	case !inParent:
		putTombstone(o, w.mailbox.FolderID(index), "changed")
	default:
		w.putListed(o, f)
	}
	return true
}

// putTombstone adds the members of something that is gone.
func putTombstone(o *odata.Object, id, reason string) {
	var removed odata.Object
	removed.String("reason", reason)
	o.String("id", id)
	o.Raw("@removed", removed.Close())
}
