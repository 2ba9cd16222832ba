package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

const (
	// maxFolderDepth and maxFolders are beyond what Exchange allows.
	maxFolderDepth = 1000
	maxFolders     = 1 << 20
)

// ErrFolderGone is in the error of a folder that the mailbox no longer has.
var ErrFolderGone = errors.New("the folder is gone")

// A Folder is a folder of a mailbox.
//
// https://learn.microsoft.com/graph/api/resources/mailboxfolder
type Folder struct {
	ID, ParentFolderID string
	DisplayName        string   // any text, which may be empty and may hold "/"
	Path               []string // the names from the top to this folder's, if all folders were listed
	Type               string   // the class, such as IPF.Note
	WellKnownName      string   // such as inbox; empty for others, and in archives
	ChildFolderCount   int      // Graph's
	TotalItemCount     int      // Graph's
	Hidden             bool
	Search             bool   // a search folder, which has no items of its own
	Mailbox            string // the auxiliary mailbox that has it; empty: the client's own
	ChildrenErr        error  // why its child folders could not be listed
}

// The extended properties of a folder, as they come back: without leading zeros.
const (
	propertyHidden     = "boolean 0x10f4"
	propertyFolderType = "integer 0x3601"
	folderTypeSearch   = 2

	expandFolder = "singleValueExtendedProperties($filter=id eq 'Boolean 0x10F4' or id eq 'Integer 0x3601')"
)

var (
	foldersVariants = []url.Values{
		{"includeHiddenFolders": {"true"}, "$expand": {expandFolder}},
		{"$expand": {expandFolder}},
		{"includeHiddenFolders": {"true"}},
		{},
	}
	folderVariants = []url.Values{{"$expand": {expandFolder}}, {}}
)

type listedFolder struct {
	ID, ParentFolderID, DisplayName  string
	Type, WellKnownName              string
	ODataType                        string `json:"@odata.type"`
	ChildFolderCount, TotalItemCount int
	IsHidden                         bool
	SingleValueExtendedProperties    extendedProperties
}

func (f *listedFolder) folder() Folder {
	return Folder{
		ID: f.ID, ParentFolderID: f.ParentFolderID, DisplayName: f.DisplayName,
		Type: f.Type, WellKnownName: f.WellKnownName,
		ChildFolderCount: f.ChildFolderCount, TotalItemCount: plausible(f.TotalItemCount),
		Hidden: f.hidden(), Search: f.search(),
	}
}

// maxItems is more items than a folder can have.
const maxItems = 1<<31 - 1

// plausible returns a count of items, or the nearest possible one.
func plausible(n int) int { return max(0, min(n, maxItems)) }

func (f *listedFolder) search() bool {
	return f.SingleValueExtendedProperties.text(propertyFolderType) == strconv.Itoa(folderTypeSearch) ||
		strings.EqualFold(f.WellKnownName, "searchfolders") ||
		strings.HasSuffix(strings.ToLower(f.ODataType), "searchfolder")
}

func (f *listedFolder) hidden() bool {
	return f.IsHidden || f.SingleValueExtendedProperties.flag(propertyHidden)
}

// Folder returns one folder as it is now, without its path. It returns
// ErrFolderGone if the mailbox does not have it.
//
// https://learn.microsoft.com/graph/api/mailboxfolder-get
func (m *MailboxClient) Folder(ctx context.Context, id string) (Folder, error) {
	q := &query{kind: kindFolder, op: "get folder", url: m.url("folders", id), variants: folderVariants}
	listed, call, err := first[listedFolder](ctx, m, q)
	e, ok := errors.AsType[*Error](err)
	switch {
	case ok && e.StatusCode == http.StatusNotFound && !isNoMailbox(e):
		return Folder{}, fmt.Errorf("%w: %w", ErrFolderGone, err)
	case err != nil:
		return Folder{}, err
	case listed.ID == "":
		return Folder{}, &Error{Op: q.op, Err: finalf("the folder came without an id")}
	}
	f := listed.folder()
	f.Mailbox = m.auxiliary(call.url)
	return f, nil
}

// isNoMailbox reports whether there is no such mailbox.
func isNoMailbox(e *Error) bool {
	return strings.HasPrefix(e.Code, "MailboxNot") || e.Code == "ErrorInvalidUser" || e.Code == "ErrorNonExistentMailbox"
}

// Folders lists all folders of the mailbox, hidden ones too, in the order of their paths. It leaves
// out search folders, which have no items of their own. A folder whose parent is missing is at the
// top.
//
// https://learn.microsoft.com/graph/api/mailbox-list-folders
func (m *MailboxClient) Folders(ctx context.Context) ([]Folder, error) {
	w := &folderWalk{m: m, byID: map[string]Folder{}}
	top, err := w.list(ctx, m.url("folders"))
	// A list may contain descendants, and counts of children may not include hidden folders: the
	// children of each folder are listed once.
	for depth, level := 1, top.added; err == nil && len(level) > 0; depth++ {
		if depth > maxFolderDepth {
			return nil, &Error{Op: opFolders, Err: finalf("folders nest more than %d deep", maxFolderDepth)}
		}
		level, err = w.children(ctx, level)
	}
	if err != nil {
		return nil, err
	}
	return Tree(w.byID), nil
}

const opFolders = "list folders"

// A folderWalk lists the folders of a mailbox level by level.
type folderWalk struct {
	m    *MailboxClient
	mu   sync.Mutex
	byID map[string]Folder
}

// A folderList is one list of folders.
type folderList struct {
	added   []Folder // folders that no other list had before
	ids     map[string]bool
	mailbox string // the auxiliary mailbox that answered, if one did
}

// list adds the folders at a URL.
func (w *folderWalk) list(ctx context.Context, target string) (l folderList, err error) {
	q := &query{kind: kindFolders, op: opFolders, url: target, variants: foldersVariants, paged: true}
	l.ids = map[string]bool{}
	end, err := list(ctx, w.m, q, func(listed []listedFolder) (fresh bool, err error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for i := range listed {
			f := listed[i].folder()
			seen := l.ids[f.ID]
			if err := w.add(f, &l); err != nil {
				return false, err
			}
			fresh = fresh || !seen
		}
		return fresh, nil
	})
	l.mailbox = end.mailbox
	return l, err
}

// add adds a folder of a list. The lock is held.
func (w *folderWalk) add(f Folder, l *folderList) error {
	l.ids[f.ID] = true
	_, known := w.byID[f.ID]
	switch {
	case f.ID == "":
		return &Error{Op: opFolders, Err: finalf("there is a folder without an id")}
	case known:
		return nil
	case len(w.byID) == maxFolders:
		return &Error{Op: opFolders, Err: finalf("there are more than %d folders", maxFolders)}
	}
	w.byID[f.ID] = f
	l.added = append(l.added, f)
	return nil
}

// listChildren adds the children of a folder. It requests a list with fewer than Graph's count
// again, once.
func (w *folderWalk) listChildren(ctx context.Context, parent *Folder) (folderList, error) {
	target := w.m.url("folders", parent.ID, "childFolders")
	l, err := w.list(ctx, target)
	if err == nil && len(l.ids) < parent.ChildFolderCount {
		var again folderList
		again, err = w.list(ctx, target)
		l.added = append(l.added, again.added...)
	}
	return l, err
}

// children adds the children of the folders of one level.
func (w *folderWalk) children(ctx context.Context, parents []Folder) ([]Folder, error) {
	found := make([][]Folder, len(parents))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(maxInFlight)
	for i, parent := range parents {
		if parent.Search {
			continue
		}
		g.Go(func() error {
			l, err := w.listChildren(ctx, &parent)
			found[i] = l.added
			w.setMailbox(parent.ID, l.mailbox)
			if err != nil {
				return w.setChildrenErr(ctx, parent.ID, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var all []Folder
	for _, f := range found {
		all = append(all, f...)
	}
	return all, nil
}

// setChildrenErr records why the children of a folder could not be listed. If Graph does not answer
// for the mailbox either, it returns an error.
func (w *folderWalk) setChildrenErr(ctx context.Context, id string, err error) error {
	if statusOf(err) == http.StatusNotFound {
		return nil // the folder was deleted meanwhile
	}
	if ctx.Err() != nil {
		return err
	}
	if probed := w.m.Probe(ctx); probed != nil {
		return fmt.Errorf("%w; the mailbox itself: %w", err, probed)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.byID[id]
	f.ChildrenErr = err
	w.byID[id] = f
	return nil
}

// setMailbox records the mailbox that answers for a folder.
func (w *folderWalk) setMailbox(id, mailbox string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.byID[id]
	f.Mailbox = mailbox
	w.byID[id] = f
}
