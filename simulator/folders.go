package simulator

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/mailhaul/mailhaul/simulator/internal/mailbox"
	"github.com/mailhaul/mailhaul/simulator/internal/odata"
)

// The extended properties of folders, as answers spell their ids.
const (
	propertyHidden     = "Boolean 0x10f4"
	propertyFolderType = "Integer 0x3601"
)

// findFolder returns the folder that the path names, or the root if the path names none.
func (c *call) findFolder() (*mailbox.Folder, error) {
	if err := c.checkVersion(); err != nil {
		return nil, err
	}
	if c.folder == "" {
		return &c.mailbox.Tree().Folders[0], nil
	}
	f, err := c.mailbox.Folder(c.folder)
	switch {
	case err != nil:
		return nil, idError(err)
	case f.Auxiliary != c.auxiliary:
		return nil, c.redirect(f.Auxiliary)
	}
	return f, nil
}

// idError is the answer to an id that names nothing.
func idError(err error) *odata.Error {
	if errors.Is(err, mailbox.ErrMalformedID) {
		return odata.Errorf(http.StatusBadRequest, "ErrorInvalidIdMalformed", "Id is malformed.")
	}
	return odata.Errorf(http.StatusNotFound, "ErrorItemNotFound", "The specified object was not found in the store.")
}

// listFolders lists the folders directly below one.
func listFolders(c *call) error {
	parent, err := c.findFolder()
	if err != nil {
		return err
	}
	w := c.folderWriter()
	shown := c.selectFolders(w, parent)
	p := page{context: "admin/exchange/mailboxes/" + c.mailbox.ID + "/folders", count: len(shown)}
	first := min(c.query.Skip, len(shown))
	last := min(first+c.query.Size, len(shown))
	if last < len(shown) {
		p.next = c.query.Link(c.resource(), "$skip", strconv.Itoa(last))
	}
	shown = shown[first:last]
	return c.writePage(p, len(shown), func(i int, o *odata.Object) bool {
		w.putListed(o, shown[i])
		return true
	})
}

// selectFolders returns the folders below parent that match the query, in its order.
func (c *call) selectFolders(w folderWriter, parent *mailbox.Folder) []*mailbox.Folder {
	t := c.mailbox.Tree()
	below := t.Folders[parent.Index].Children
	if c.folder == "" && c.auxiliary > 0 {
		below = t.Tops(c.auxiliary)
	}
	var all []*mailbox.Folder
	for _, i := range below {
		if f := &t.Folders[i]; w.shows(f) && c.query.Filter.Matches(folderEntity{f, c.mailbox}) {
			all = append(all, f)
		}
	}
	if c.query.OrderBy != "" {
		slices.SortStableFunc(all, func(a, b *mailbox.Folder) int {
			return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
		})
		if c.query.Descending {
			slices.Reverse(all)
		}
	}
	return all
}

// showFolder answers with one folder.
func showFolder(c *call) error {
	f, err := c.findFolder()
	if err != nil {
		return err
	}
	var o odata.Object
	c.folderWriter().put(&o, f)
	return c.writeOne("admin/exchange/mailboxes/"+c.mailbox.ID+"/folders/$entity", &o)
}

// folderEntity lets filters see a folder.
type folderEntity struct {
	*mailbox.Folder
	mailbox *hostedMailbox
}

func (f folderEntity) TextOf(field string) string {
	switch field {
	case "displayname":
		return f.Name
	case "type":
		return f.Type
	}
	return f.WellKnownName
}

// NumberOf returns totalItemCount, the only number.
func (f folderEntity) NumberOf(string) int64 { return int64(f.mailbox.Count(f.Folder)) }

// folderWriter writes folders as a request wants them.
type folderWriter struct {
	mailbox    *hostedMailbox
	mailboxURL string
	query      *odata.Query
	hidden     bool // hidden folders are listed
}

func (c *call) folderWriter() folderWriter {
	hidden := c.query.Bool("includehiddenfolders") || c.query.Expands(propertyHidden)
	return folderWriter{mailbox: c.mailbox, mailboxURL: c.mailboxURL(0), query: &c.query, hidden: hidden}
}

// shows reports whether lists may have the folder.
func (w folderWriter) shows(f *mailbox.Folder) bool { return !f.Hidden || w.hidden }

// putListed adds a folder as lists show it.
func (w folderWriter) putListed(o *odata.Object, f *mailbox.Folder) {
	o.String("@odata.type", "#microsoft.graph.mailboxFolder")
	w.put(o, f)
}

// put adds the selected properties of a folder.
func (w folderWriter) put(o *odata.Object, f *mailbox.Folder) {
	q := w.query
	o.String("id", w.mailbox.FolderID(f.Index))
	if q.Selects("displayname") {
		o.String("displayName", f.Name)
	}
	if q.Selects("parentfolderid") && f.Parent >= 0 {
		o.String("parentFolderId", w.mailbox.FolderID(f.Parent))
	}
	if q.Selects("parentmailboxurl") {
		o.String("parentMailboxUrl", w.mailboxURL)
	}
	if q.Selects("childfoldercount") {
		o.Int("childFolderCount", int64(len(f.Children)))
	}
	if q.Selects("totalitemcount") {
		o.Int("totalItemCount", int64(w.mailbox.Count(f)))
	}
	if q.Selects("wellknownname") && f.WellKnownName != "" {
		o.String("wellKnownName", f.WellKnownName)
	}
	if q.Selects("type") {
		o.String("type", f.Type)
	}
	for _, id := range q.Expand {
		switch id {
		case propertyHidden:
			o.ExtendedProperty(id, strconv.FormatBool(f.Hidden))
		case propertyFolderType:
			o.ExtendedProperty(id, strconv.Itoa(folderType(f)))
		}
	}
}

// folderType is PidTagFolderType.
func folderType(f *mailbox.Folder) int {
	switch {
	case f.Search:
		return 2
	case f.Parent < 0:
		return 0
	}
	return 1
}
