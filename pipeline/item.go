package pipeline

import (
	"strings"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline/internal/packing"
	"github.com/mailhaul/mailhaul/pipeline/internal/position"
)

// An item was listed and is to be exported.
type item struct {
	graph.Item
	folder *folder
	page   *position.Page // that listed it; nil: it was not listed by a pass over the whole folder
	key    manifest.RowKey

	// attempt is 0 for the first time that this run requests the item. The verdict on the greatest
	// attempt of a key decides. It grows by attemptsPerListing when the item is listed again, and
	// by 1 when it is deferred: what was listed later wins.
	attempt uint32

	deferral *deferral // nil if the item was not deferred; otherwise it is listed as failed

	probe bool // the item is requested only to find out whether it exists
}

// attemptsPerListing is more than the number of times that an item can be deferred.
const attemptsPerListing = 1 << 8

// A verdict is what became of an item.
type verdict struct {
	item      item
	outcome   outcome
	stream    packing.Stream  // itemExported, itemStale
	changeKey string          // itemStale: of the stream
	failure   graph.ItemError // itemFailed, itemStale
	deferred  bool            // itemFailed, itemStale: this run will send another verdict
	reason    string          // itemRemoved
}

type outcome int

const (
	itemExported outcome = iota
	itemFailed
	itemStale   // failed: the data is not as listed
	itemGaveUp  // failed in too many runs before
	itemGone    // was deleted since it was listed
	itemRemoved // a delta query listed it as removed
)

// isCounted reports whether the run's counts include the verdict. They include each item once,
// with the first verdict that is final.
func (v *verdict) isCounted() bool {
	first := v.item.attempt == 0 || v.item.deferral != nil && v.item.deferral.counted
	return first && !v.deferred
}

// isFailure reports whether the item's listed version was not exported for now.
func (v *verdict) isFailure() bool { return v.outcome == itemFailed || v.outcome == itemStale }

// manifest returns a failed item as a snapshot lists it, with bounded texts.
func (v *verdict) manifest() manifest.Failure {
	return manifest.Failure{
		ID: v.item.ID, Folder: v.item.folder.ID, Code: clip(v.failure.Code, 100), Message: clip(v.failure.Message, 500),
		Attempts: v.failure.Attempts, Runs: 1, Item: v.item.row(),
	}
}

// row returns the item's row without its stream.
func (it *item) row() manifest.Row {
	categories := it.Categories
	if categories == nil {
		categories = []string{}
	}
	return manifest.Row{
		ID: it.ID, Folder: it.folder.ID, ChangeKey: it.ChangeKey, Type: it.Type, Size: it.Size,
		CreatedDateTime: it.CreatedDateTime.UTC(), LastModifiedDateTime: it.LastModifiedDateTime.UTC(),
		Categories: categories, Properties: rowProperties(&it.Properties),
	}
}

func rowProperties(p *graph.Properties) manifest.Properties {
	row := manifest.Properties{
		Subject: p.Subject, ReceivedDateTime: p.ReceivedDateTime.UTC(),
		InternetMessageID: p.InternetMessageID, HasAttachments: p.HasAttachments, SearchKey: p.SearchKey,
	}
	if p.Sender != (graph.Address{}) {
		row.Sender = &manifest.Address{Name: p.Sender.Name, Address: p.Sender.Address}
	}
	return row
}

// itemOf returns the item of a row without a stream.
func itemOf(row *manifest.Row) graph.Item {
	it := graph.Item{
		ID: row.ID, ChangeKey: row.ChangeKey, Type: row.Type, Size: row.Size, Categories: row.Categories,
		CreatedDateTime: row.CreatedDateTime, LastModifiedDateTime: row.LastModifiedDateTime,
		Properties: graph.Properties{
			Subject: row.Subject, ReceivedDateTime: row.ReceivedDateTime, InternetMessageID: row.InternetMessageID,
			HasAttachments: row.HasAttachments, SearchKey: row.SearchKey,
		},
	}
	if s := row.Sender; s != nil {
		it.Properties.Sender = graph.Address{Name: s.Name, Address: s.Address}
	}
	return it
}

// clip returns at most n bytes of a text, as valid UTF-8.
func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}
