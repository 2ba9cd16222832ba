package pipeline

import (
	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
)

// An item is one that Graph listed and the run has to get.
type item struct {
	graph.Item
	folder *folder
	page   *page // that it was listed on; nil: of no whole listing
	key    manifest.RowKey

	// turn is above 0 for an item that this run asks for once more: the greatest
	// turn of a key has the last word. Each time that it is listed again it grows by
	// turnTries, and each time that it was set aside by 1: what was listed later counts.
	turn uint32

	// before is what came of it so far, if it was set aside: it is listed as failed.
	before *setback

	// check is for an item that is asked for only to see whether it is there.
	check bool
}

// turnTries is more than the times that an item can be set aside.
const turnTries = 1 << 8

// row returns the item's row, without its stream.
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

// itemOf returns the item that a row without a stream tells of.
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
