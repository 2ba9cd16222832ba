package graph

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"time"
)

// An Item is what a listing tells of one.
//
// https://learn.microsoft.com/graph/api/resources/mailboxitem
type Item struct {
	ID, ChangeKey        string
	Type                 string // the message class, such as IPM.Note
	Size                 int64  // as Graph reckons it; the exported stream may be many times that
	CreatedDateTime      time.Time
	LastModifiedDateTime time.Time
	Categories           []string
}

// listedItem is an item in JSON. Times that are no times are left out: they are
// not worth losing the item.
type listedItem struct {
	ID, ChangeKey, Type  string
	Size                 int64
	CreatedDateTime      string
	LastModifiedDateTime string
	Categories           []string
}

// The order keeps pages from shifting when items are added meanwhile.
var itemVariants = []url.Values{
	{"$select": {itemProperties}, "$orderby": {"createdDateTime"}},
	{"$select": {itemProperties}},
	{},
}

const itemProperties = "id,changeKey,type,size,createdDateTime,lastModifiedDateTime,categories"

var errStopped = errors.New("stopped")

// Items lists the items of a folder, page by page. The same item may come twice
// when the folder changes meanwhile. After an error there are no more.
//
// https://learn.microsoft.com/graph/api/mailboxfolder-list-items
func (m *MailboxClient) Items(ctx context.Context, folderID string) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		target := m.url("folders", folderID, "items")
		err := list(ctx, m, "list items", target, &m.items, itemVariants, func(it listedItem) error {
			if it.ID == "" {
				return &Error{Op: "list items", Err: finalf("there is an item without an id")}
			}
			item := Item{
				ID: it.ID, ChangeKey: it.ChangeKey, Type: it.Type, Size: it.Size, Categories: it.Categories,
				CreatedDateTime: parseTime(it.CreatedDateTime), LastModifiedDateTime: parseTime(it.LastModifiedDateTime),
			}
			if !yield(item, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && err != errStopped {
			yield(Item{}, err)
		}
	}
}

func parseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
