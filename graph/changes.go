package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
)

// A Change is an entry of a delta query. The same item may come more than once, in
// any order; of one that changed at least the id is there.
type Change struct {
	Item
	Removed string // the reason, "deleted" or "changed", if it is gone from the folder
}

// Changes are what changed in a folder.
type Changes struct {
	all  iter.Seq2[Change, error]
	link string
}

// All asks for the changes, page by page. After an error there are no more. It is
// to be told with errors.Is whether that is ErrResync, ErrNoDelta or ErrFolderGone.
func (c *Changes) All() iter.Seq2[Change, error] { return c.all }

// Link returns the link for the changes from here on, once All has come to its end
// without an error.
func (c *Changes) Link() string { return c.link }

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
	_ = json.Unmarshal(raw, &r) // whatever it is, it is there
	return firstOf(clip(r.Reason, 100), "deleted")
}

// Some services take no $select here. Whether a delta query tells of hidden folders
// is not documented; the listing is asked for them in the same way.
var (
	itemDeltaVariants   = []url.Values{{"$select": {selectItem}}, {}}
	folderDeltaVariants = []url.Values{{"includeHiddenFolders": {"true"}}, {}}
)

// ItemChanges returns what changed in a folder since the link that an earlier one
// led to. With an empty link it is all that is there.
//
// https://learn.microsoft.com/graph/api/mailboxitem-delta
func (m *MailboxClient) ItemChanges(ctx context.Context, folderID, link string) *Changes {
	c := &Changes{}
	c.all = func(yield func(Change, error) bool) {
		next, err := m.itemChanges(ctx, folderID, link, func(ch Change) bool { return yield(ch, nil) })
		if err != nil && err != errStopped {
			yield(Change{}, err)
		}
		c.link = next
	}
	return c
}

func (m *MailboxClient) itemChanges(ctx context.Context, folderID, link string, yield func(Change) bool) (string, error) {
	path := []string{"folders", folderID, "items", "delta"}
	q := &query{kind: kindItemDelta, url: m.url(path...), variants: itemDeltaVariants, paged: true}
	if link != "" {
		var err error
		if q.link, err = m.deltaURL(link, path...); err != nil {
			return "", err
		}
	}
	next, err := delta(ctx, m, q, func(listed listedChange) error {
		if listed.ID == "" {
			return &Error{Op: opChanges, Err: finalf("there is an item without an id")}
		}
		if !yield(listed.change()) {
			return errStopped
		}
		return nil
	})
	var e *Error
	if errors.As(err, &e) && e.StatusCode == http.StatusNotFound && m.folderGone(ctx, folderID, e) {
		err = fmt.Errorf("%w: %w", ErrFolderGone, e)
	}
	return next, err
}

// folderGone finds out what a 404 means: that there is no such folder, or that
// there are no delta queries.
func (m *MailboxClient) folderGone(ctx context.Context, folderID string, e *Error) bool {
	if e.Code == "ErrorSyncFolderNotFound" {
		return true
	}
	_, err := m.Folder(ctx, folderID)
	return errors.Is(err, ErrFolderGone)
}

// FolderChanges are the ids of folders that changed, each once. One that changed
// back and forth may be in both.
type FolderChanges struct {
	Changed []string // added, renamed, moved or counted anew
	Removed []string
	Link    string // for the changes from here on
}

// FolderChanges returns which folders of the mailbox changed since the link that
// an earlier one led to. With an empty link it is all that are there. Its errors may
// be ErrResync or ErrNoDelta.
//
// https://learn.microsoft.com/graph/api/mailboxfolder-delta
func (m *MailboxClient) FolderChanges(ctx context.Context, link string) (*FolderChanges, error) {
	path := []string{"folders", "delta"}
	q := &query{kind: kindFolderDelta, url: m.url(path...), variants: folderDeltaVariants, paged: true}
	if link != "" {
		var err error
		if q.link, err = m.deltaURL(link, path...); err != nil {
			return nil, err
		}
	}
	c := &folderChanges{seen: map[folderChange]bool{}}
	var err error
	if c.Link, err = delta(ctx, m, q, c.add); err != nil {
		return nil, err
	}
	return &c.FolderChanges, nil
}

type folderChange struct {
	id      string
	removed bool
}

type folderChanges struct {
	FolderChanges
	seen map[folderChange]bool
}

func (c *folderChanges) add(listed struct {
	ID      string
	Removed json.RawMessage `json:"@removed"`
}) error {
	change := folderChange{listed.ID, removed(listed.Removed) != ""}
	switch {
	case change.id == "":
		return &Error{Op: opChanges, Err: finalf("there is a folder without an id")}
	case c.seen[change]:
		return nil
	case len(c.seen) == maxFolders:
		return &Error{Op: opChanges, Err: finalf("more than %d folders changed", maxFolders)}
	}
	c.seen[change] = true
	if change.removed {
		c.Removed = append(c.Removed, change.id)
	} else {
		c.Changed = append(c.Changed, change.id)
	}
	return nil
}
