package graph

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// A Change is an entry of a delta query. An item may come more than once, in any order. At least
// its id is set.
type Change struct {
	Item
	Removed string // the reason, "deleted" or "changed", if it is gone from the folder
}

// A ChangePage is a part of a delta query.
type ChangePage struct {
	Changes []Change

	// Next is the link to the next page, if there is one. A later query may start with it.
	Next string

	// DeltaLink is set on the last page. It is the link to the changes from then on.
	DeltaLink string
}

type listedChange struct {
	listedItem
	Removed json.RawMessage `json:"@removed"`
}

func (c *listedChange) change() Change { return Change{Item: c.item(), Removed: removed(c.Removed)} }

// removed returns the reason of a @removed, or nothing if there is none.
func removed(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	var r struct{ Reason string }
	_ = json.Unmarshal(raw, &r) // that it is set is enough
	return cmp.Or(clip(r.Reason, 100), "deleted")
}

// Some services refuse $select here. Whether a delta query returns hidden folders is not
// documented; it requests them in the same way as a list.
var (
	itemDeltaVariants   = []url.Values{{"$select": {selectItem}}, {}}
	folderDeltaVariants = []url.Values{{"includeHiddenFolders": {"true"}, "$expand": {expandFolder}}, {"includeHiddenFolders": {"true"}}, {}}
)

// ItemChanges returns the changes in a folder since a link of an earlier query, or all items if the
// link is empty. After an error, which may be ErrResync, ErrNoDelta or ErrFolderGone, there are no
// more pages.
//
// https://learn.microsoft.com/graph/api/mailboxitem-delta
func (m *MailboxClient) ItemChanges(ctx context.Context, folderID, link string) iter.Seq2[*ChangePage, error] {
	return func(yield func(*ChangePage, error) bool) {
		path := []string{"folders", folderID, "items", "delta"}
		q := &query{kind: kindItemDelta, op: opChanges, url: m.url(path...), variants: itemDeltaVariants, paged: true}
		var err error
		if link != "" {
			if q.link, err = m.deltaURL(link, path...); err != nil {
				yield(nil, err)
				return
			}
		}
		for p := newPager[listedChange](m, q); ; {
			page, err := changePage(ctx, p)
			if err != nil {
				err = m.itemDeltaError(ctx, folderID, err, link == "")
			}
			if !yield(page, err) || err != nil || page.DeltaLink != "" {
				return
			}
		}
	}
}

func changePage(ctx context.Context, p *pager[listedChange]) (*ChangePage, error) {
	listed, err := p.next(ctx)
	if err != nil {
		return nil, err
	}
	page := &ChangePage{Changes: make([]Change, len(listed.Value)), Next: p.link}
	for i := range listed.Value {
		if page.Changes[i] = listed.Value[i].change(); page.Changes[i].ID == "" {
			return nil, &Error{Op: opChanges, Err: finalf("there is an item without an id")}
		}
	}
	if listed.NextLink == "" {
		page.DeltaLink, err = deltaLink(p, listed.DeltaLink)
	}
	return page, err
}

// deltaLink returns the link at the end of a delta query.
func deltaLink[T any](p *pager[T], link string) (string, error) {
	end, err := p.ending(link)
	if err == nil && end.deltaLink == "" {
		err = fmt.Errorf("%w: %w", ErrNoDelta, &Error{Op: opChanges, Err: finalf("the last page has no deltaLink")})
	}
	return end.deltaLink, err
}

// itemDeltaError is deltaError for a delta query over items, which may also be ErrFolderGone.
func (m *MailboxClient) itemDeltaError(ctx context.Context, folderID string, err error, initial bool) error {
	if errors.Is(err, ErrNoDelta) || ctx.Err() != nil {
		return err
	}
	e, ok := errors.AsType[*Error](err)
	if ok && e.StatusCode == http.StatusNotFound && m.folderGone(ctx, folderID, e) {
		return fmt.Errorf("%w: %w", ErrFolderGone, e)
	}
	return deltaError(err, initial)
}

// folderGone checks what a 404 means: that the folder is gone, or that there are no delta queries.
func (m *MailboxClient) folderGone(ctx context.Context, folderID string, e *Error) bool {
	if e.Code == "ErrorSyncFolderNotFound" {
		return true
	}
	_, err := m.Folder(ctx, folderID)
	return errors.Is(err, ErrFolderGone)
}

// FolderDelta lists all folders by a delta query: one request for hundreds of folders, where
// Folders sends one for each. Path and Mailbox are not set, and Hidden and Search may not be set.
// Its error may be ErrResync or ErrNoDelta, the latter also if folders have no counts.
//
// https://learn.microsoft.com/graph/api/mailboxfolder-delta
func (m *MailboxClient) FolderDelta(ctx context.Context) ([]Folder, error) {
	q := &query{kind: kindFolderDelta, op: opChanges, url: m.url("folders", "delta"), variants: folderDeltaVariants, paged: true}
	byID := map[string]Folder{}
	end, err := list(ctx, m, q, func(listed []listedFolderChange) (fresh bool, err error) {
		for i := range listed {
			f := &listed[i]
			switch _, known := byID[f.ID]; {
			case f.ID == "":
				return false, &Error{Op: opChanges, Err: finalf("there is a folder without an id")}
			case removed(f.Removed) != "":
				fresh = fresh || known
				delete(byID, f.ID)
				continue
			case f.TotalItemCount == nil:
				return false, fmt.Errorf("%w: %w", ErrNoDelta, &Error{Op: opChanges, Err: finalf("a folder has no totalItemCount")})
			case len(byID) == maxFolders:
				return false, &Error{Op: opChanges, Err: finalf("there are more than %d folders", maxFolders)}
			default:
				fresh = fresh || !known
			}
			byID[f.ID] = f.folder()
		}
		return fresh, nil
	})
	if err == nil && end.deltaLink == "" {
		err = &Error{Op: opChanges, Err: finalf("%w: the last page has no deltaLink", ErrNoDelta)}
	}
	if err != nil {
		return nil, deltaError(err, true)
	}
	return slices.Collect(maps.Values(byID)), nil
}

type listedFolderChange struct {
	listedFolder
	TotalItemCount *int
	Removed        json.RawMessage `json:"@removed"`
}

func (f *listedFolderChange) folder() Folder {
	folder := f.listedFolder.folder()
	folder.TotalItemCount = plausible(*f.TotalItemCount)
	return folder
}
