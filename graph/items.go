package graph

import (
	"context"
	"iter"
	"maps"
	"net/url"
	"time"

	"github.com/go-json-experiment/json/jsontext"
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
	Categories                    categories
	SingleValueExtendedProperties extendedProperties
}

// maxCategories bounds the categories that are kept of an item.
const maxCategories = 1000

type categories []string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (c *categories) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	all, err := decodeArray[string](dec, maxCategories)
	*c = all[:min(len(all), maxCategories)]
	return err
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

// The order keeps pages from shifting when items are added meanwhile, and lets a listing
// continue from a time.
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

// Items lists the items of a folder, from its start or from where a cursor of an earlier
// listing is. The same item may come more than once. After an error there are no more pages.
//
// https://learn.microsoft.com/graph/api/mailboxfolder-list-items
func (m *MailboxClient) Items(ctx context.Context, folderID string, from Cursor) iter.Seq2[*ItemPage, error] {
	if m.client.opts.NoProperties {
		return m.ItemIDs(ctx, folderID, from)
	}
	return m.listItems(ctx, folderID, kindItems, itemVariants, from)
}

// ItemIDs is Items without their Properties, which is cheaper.
func (m *MailboxClient) ItemIDs(ctx context.Context, folderID string, from Cursor) iter.Seq2[*ItemPage, error] {
	return m.listItems(ctx, folderID, kindItemIDs, plainVariants, from)
}

// ItemsSince is Items of those that were modified after a time, for folders without
// delta queries. Others may come too: those of the same second, which Graph does not
// tell apart in what it returns, and all where it refuses to filter.
func (m *MailboxClient) ItemsSince(ctx context.Context, folderID string, since time.Time) iter.Seq2[*ItemPage, error] {
	return m.listItems(ctx, folderID, kindItemsSince, sinceVariants(since, !m.client.opts.NoProperties), Cursor{})
}

func sinceVariants(since time.Time, properties bool) []url.Values {
	// Formatting cuts off what is below a second: it is never rounded up.
	filter := "lastModifiedDateTime gt " + since.UTC().Format(filterTime)
	variants := filtered(filter, []url.Values{{"$select": {selectItem}}, {}})
	if properties {
		variants = append(filtered(filter, []url.Values{{"$select": {selectItem}, "$expand": {expandItem}}}), variants...)
	}
	return append(variants, url.Values{})
}

// filtered returns the variants of a query with a filter.
func filtered(filter string, variants []url.Values) []url.Values {
	var all []url.Values
	for _, v := range variants {
		with := maps.Clone(v)
		with.Set("$filter", filter)
		all = append(all, with)
	}
	return all
}

func (m *MailboxClient) listItems(ctx context.Context, folderID string, kind kind, variants []url.Values, from Cursor) iter.Seq2[*ItemPage, error] {
	return func(yield func(*ItemPage, error) bool) {
		q := query{kind: kind, op: opItems, url: m.url("folders", folderID, "items"), variants: variants, paged: true}
		w := newItemWalk(m, q, from)
		for !w.over {
			page, err := w.next(ctx)
			if !yield(page, err) || err != nil {
				return
			}
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
