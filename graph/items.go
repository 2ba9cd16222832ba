package graph

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// An Item is an item of a folder.
//
// https://learn.microsoft.com/graph/api/resources/mailboxitem
type Item struct {
	ID, ChangeKey        string
	Type                 string // the message class, such as IPM.Note
	Size                 int64  // Graph's, in bytes; the exported stream may be many times longer
	CreatedDateTime      time.Time
	LastModifiedDateTime time.Time // in seconds, though Graph filters by fractions
	Categories           []string
	Properties           Properties
}

// listedItem is an item in JSON. Its times are decoded leniently: a wrong one is no reason to lose
// the item.
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

	// filterTime is the format of times in filters, without fractions of a second.
	filterTime = "2006-01-02T15:04:05Z"
)

// With an order, pages do not shift when items are added meanwhile, and a listing can continue from
// a time.
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

// Items lists the items of a folder, from its start or from the cursor of an earlier listing. An
// item may come more than once. After an error there are no more pages.
//
// https://learn.microsoft.com/graph/api/mailboxfolder-list-items
func (m *MailboxClient) Items(ctx context.Context, folderID string, from Cursor) iter.Seq2[*ItemPage, error] {
	if m.client.opts.NoProperties {
		return m.ItemIDs(ctx, folderID, from)
	}
	return m.listItems(ctx, folderID, kindItems, itemVariants, from)
}

// ItemIDs is Items without Item.Properties, and faster.
func (m *MailboxClient) ItemIDs(ctx context.Context, folderID string, from Cursor) iter.Seq2[*ItemPage, error] {
	return m.listItems(ctx, folderID, kindItemIDs, plainVariants, from)
}

// ItemsSince is Items for those that were modified after a time, for folders without delta queries.
// Others may come too: items of the same second, and all items if Graph refuses the filter.
func (m *MailboxClient) ItemsSince(ctx context.Context, folderID string, since time.Time) iter.Seq2[*ItemPage, error] {
	return m.listItems(ctx, folderID, kindItemsSince, sinceVariants(since, !m.client.opts.NoProperties), Cursor{})
}

func sinceVariants(since time.Time, properties bool) []url.Values {
	// Formatting truncates fractions of a second: it never rounds up.
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

// Item returns an item of a folder as it is now, without its Properties.
//
// https://learn.microsoft.com/graph/api/mailboxitem-get
func (m *MailboxClient) Item(ctx context.Context, folderID, id string) (Item, error) {
	target := m.url("folders", folderID, "items", id) + "?" + url.Values{"$select": {selectItem}}.Encode()
	call := &call{op: "look at an item", method: http.MethodGet, url: target}
	listed, err := get[listedItem](ctx, &m.caller, call)
	if err == nil && listed.ID != id {
		err = &Error{Op: call.op, Err: finalf("another item came")}
	}
	return listed.item(), err
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

// parseTime parses a time, and returns the zero time if it is wrong, or if its year in UTC does not
// have four digits.
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
