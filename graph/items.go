package graph

import (
	"context"
	"errors"
	"iter"
	"maps"
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
	LastModifiedDateTime time.Time // to the second, though Graph knows it better
	Categories           []string
	Properties           Properties
}

// listedItem is an item in JSON. Times that are no times are left out: they are
// not worth losing the item.
type listedItem struct {
	ID, ChangeKey, Type           string
	Size                          int64
	CreatedDateTime               string
	LastModifiedDateTime          string
	Categories                    []string
	SingleValueExtendedProperties extendedProperties
}

func (it *listedItem) item() Item {
	return Item{
		ID: it.ID, ChangeKey: it.ChangeKey, Type: it.Type, Size: it.Size, Categories: it.Categories,
		CreatedDateTime: parseTime(it.CreatedDateTime), LastModifiedDateTime: parseTime(it.LastModifiedDateTime),
		Properties: it.SingleValueExtendedProperties.properties(),
	}
}

const (
	opItems = "list items"

	selectItem = "id,changeKey,type,size,createdDateTime,lastModifiedDateTime,categories"

	// filterTime is how times are written in filters: without fractions of a second.
	filterTime = "2006-01-02T15:04:05Z"
)

// The order keeps pages from shifting when items are added meanwhile.
var (
	plainVariants = []url.Values{
		{"$select": {selectItem}, "$orderby": {"createdDateTime"}},
		{"$select": {selectItem}},
		{},
	}
	itemVariants = append([]url.Values{
		{"$select": {selectItem}, "$orderby": {"createdDateTime"}, "$expand": {expandItem}},
		{"$select": {selectItem}, "$expand": {expandItem}},
	}, plainVariants...)
)

// Items lists the items of a folder, page by page. The same item may come twice
// when the folder changes meanwhile. After an error there are no more.
//
// https://learn.microsoft.com/graph/api/mailboxfolder-list-items
func (m *MailboxClient) Items(ctx context.Context, folderID string) iter.Seq2[Item, error] {
	if m.client.opts.NoProperties {
		return m.ItemIDs(ctx, folderID)
	}
	return m.listItems(ctx, folderID, kindItems, itemVariants)
}

// ItemIDs is Items without their Properties, which is cheaper.
func (m *MailboxClient) ItemIDs(ctx context.Context, folderID string) iter.Seq2[Item, error] {
	return m.listItems(ctx, folderID, kindItemIDs, plainVariants)
}

// ItemsSince is Items of those that were modified after a time, for folders without
// delta queries. Others may come too: those of the same second, which Graph does not
// tell apart in what it returns, and all where it refuses to filter.
func (m *MailboxClient) ItemsSince(ctx context.Context, folderID string, since time.Time) iter.Seq2[Item, error] {
	return m.listItems(ctx, folderID, kindItemsSince, sinceVariants(since, !m.client.opts.NoProperties))
}

func sinceVariants(since time.Time, properties bool) []url.Values {
	// Formatting cuts off what is below a second: it is never rounded up.
	filter := url.Values{"$filter": {"lastModifiedDateTime gt " + since.UTC().Format(filterTime)}}
	with := func(more url.Values) url.Values {
		v := maps.Clone(filter)
		maps.Copy(v, more)
		return v
	}
	variants := []url.Values{with(url.Values{"$select": {selectItem}}), filter, {}}
	if properties {
		variants = append([]url.Values{with(url.Values{"$select": {selectItem}, "$expand": {expandItem}})}, variants...)
	}
	return variants
}

var errStopped = errors.New("stopped")

func (m *MailboxClient) listItems(ctx context.Context, folderID string, kind kind, variants []url.Values) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		q := &query{kind: kind, op: opItems, url: m.url("folders", folderID, "items"), variants: variants, paged: true}
		_, err := list(ctx, m, q, func(it listedItem) error {
			if it.ID == "" {
				return &Error{Op: opItems, Err: finalf("there is an item without an id")}
			}
			if !yield(it.item(), nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && err != errStopped {
			yield(Item{}, err)
		}
	}
}

// parseTime returns a time in UTC, in which its year must have four digits still.
func parseTime(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if t = t.UTC(); err != nil || t.Year() < 0 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}
