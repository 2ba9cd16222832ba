package graph

import (
	"context"
	"iter"
	"testing"
)

// Limiters returns the number of mailboxes that have a limiter.
func Limiters(c *Client) int { return c.limits.Len() }

// ParseTime parses a time of a listing.
var ParseTime = parseTime

// RetryAfter reads a Retry-After header.
var RetryAfter = retryAfter

// MaxBarePages is after how many failed pages no extended properties are requested.
const MaxBarePages = maxBarePages

// AllItems is Items from the start, item by item.
func (m *MailboxClient) AllItems(ctx context.Context, folderID string) iter.Seq2[Item, error] {
	return flat(m.Items(ctx, folderID, Cursor{}))
}

// AllItemIDs is ItemIDs from the start, item by item.
func (m *MailboxClient) AllItemIDs(ctx context.Context, folderID string) iter.Seq2[Item, error] {
	return flat(m.ItemIDs(ctx, folderID, Cursor{}))
}

// Flat returns the items of pages, one by one.
func Flat(pages iter.Seq2[*ItemPage, error]) iter.Seq2[Item, error] { return flat(pages) }

func flat(pages iter.Seq2[*ItemPage, error]) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for page, err := range pages {
			if err != nil {
				yield(Item{}, err)
				return
			}
			for _, it := range page.Items {
				if !yield(it, nil) {
					return
				}
			}
		}
	}
}

// Changes are those of a delta query, one by one.
type Changes struct {
	pages iter.Seq2[*ChangePage, error]
	link  string
}

// Delta is ItemChanges, change by change.
func (m *MailboxClient) Delta(ctx context.Context, folderID, link string) *Changes {
	return &Changes{pages: m.ItemChanges(ctx, folderID, link)}
}

// Link returns the link that the query ended with.
func (c *Changes) Link() string { return c.link }

// All goes through the changes.
func (c *Changes) All() iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		for page, err := range c.pages {
			if err != nil {
				yield(Change{}, err)
				return
			}
			for _, change := range page.Changes {
				if !yield(change, nil) {
					return
				}
			}
			c.link = page.DeltaLink
		}
	}
}

// TestMaxAttempts checks that the table has an entry for each class and use.
func TestMaxAttempts(t *testing.T) {
	for class, row := range maxAttempts {
		for use, n := range row {
			if n < 1 {
				t.Errorf("class %d, use %d: %d attempts", class, use, n)
			}
		}
	}
}
