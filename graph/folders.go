package graph

import (
	"context"
	"encoding/json"
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

// A Folder is one that holds items.
//
// https://learn.microsoft.com/graph/api/resources/mailboxfolder
type Folder struct {
	ID, ParentFolderID string
	DisplayName        string   // any text, which may be empty and may hold "/"
	Path               []string // the names from the top to this folder's
	Type               string   // the class, such as IPF.Note
	WellKnownName      string   // such as inbox; empty for others, and in archives
	ChildFolderCount   int      // as Graph tells it
	TotalItemCount     int      // as Graph tells it
	Hidden             bool
}

// The extended properties of a folder, as they come back: without leading zeros.
const (
	propertyHidden     = "boolean 0x10f4"
	propertyFolderType = "integer 0x3601"
	folderTypeSearch   = 2
)

var folderVariants = func() []url.Values {
	const expand = "singleValueExtendedProperties($filter=id eq 'Boolean 0x10F4' or id eq 'Integer 0x3601')"
	return []url.Values{
		{"includeHiddenFolders": {"true"}, "$expand": {expand}},
		{"$expand": {expand}},
		{"includeHiddenFolders": {"true"}},
		{},
	}
}()

type listedFolder struct {
	ID, ParentFolderID, DisplayName  string
	Type, WellKnownName              string
	ODataType                        string `json:"@odata.type"`
	ChildFolderCount, TotalItemCount int
	IsHidden                         bool
	SingleValueExtendedProperties    []extendedProperty
}

type extendedProperty struct {
	ID    string
	Value json.RawMessage // a string, whatever its type
}

// property returns the value of an extended property, in lower case.
func (f *listedFolder) property(id string) string {
	for _, p := range f.SingleValueExtendedProperties {
		if normalProperty(p.ID) == id {
			return strings.ToLower(strings.Trim(string(p.Value), `" `))
		}
	}
	return ""
}

// normalProperty spells a property's id in one way: Graph gives "Integer 0x3601"
// back with other case and without the zeros that it was asked with.
func normalProperty(id string) string {
	kind, tag, _ := strings.Cut(strings.ToLower(strings.TrimSpace(id)), " 0x")
	return kind + " 0x" + strings.TrimLeft(strings.TrimSpace(tag), "0")
}

func (f *listedFolder) search() bool {
	return f.property(propertyFolderType) == strconv.Itoa(folderTypeSearch) ||
		strings.EqualFold(f.WellKnownName, "searchfolders") ||
		strings.HasSuffix(strings.ToLower(f.ODataType), "searchfolder")
}

func (f *listedFolder) hidden() bool { return f.IsHidden || f.property(propertyHidden) == "true" }

// Folders lists all folders of the mailbox, hidden ones too, in the order of their
// paths. Search folders, which hold no items of their own, are left out. A folder
// whose parent is not there is at the top.
//
// https://learn.microsoft.com/graph/api/mailbox-list-folders
func (m *MailboxClient) Folders(ctx context.Context) ([]Folder, error) {
	w := &folderWalk{m: m, byID: map[string]*listedFolder{}}
	level, err := w.list(ctx, m.url("folders"))
	// What was listed may hold descendants already, and a count of children does
	// not tell of the hidden ones: every folder is asked once.
	for depth := 1; err == nil && len(level) > 0; depth++ {
		if depth > maxFolderDepth {
			return nil, &Error{Op: "list folders", Err: finalf("folders nest more than %d deep", maxFolderDepth)}
		}
		level, err = w.children(ctx, level)
	}
	if err != nil {
		return nil, err
	}
	return folderTree(w.byID), nil
}

type folderWalk struct {
	m    *MailboxClient
	mu   sync.Mutex
	byID map[string]*listedFolder
}

// list adds the folders at a URL, and returns those that were not there.
func (w *folderWalk) list(ctx context.Context, target string) (added []*listedFolder, err error) {
	err = list(ctx, w.m, "list folders", target, &w.m.folders, folderVariants, func(f listedFolder) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		switch {
		case f.ID == "":
			return &Error{Op: "list folders", Err: finalf("there is a folder without an id")}
		case w.byID[f.ID] != nil:
			return nil
		case len(w.byID) == maxFolders:
			return &Error{Op: "list folders", Err: finalf("there are more than %d folders", maxFolders)}
		}
		w.byID[f.ID] = &f
		added = append(added, &f)
		return nil
	})
	return added, err
}

// children adds the children of the folders of one level.
func (w *folderWalk) children(ctx context.Context, parents []*listedFolder) ([]*listedFolder, error) {
	found := make([][]*listedFolder, len(parents))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(maxInFlight)
	for i, parent := range parents {
		if parent.search() {
			continue
		}
		g.Go(func() (err error) {
			found[i], err = w.list(ctx, w.m.url("folders", parent.ID, "childFolders"))
			if statusOf(err) == http.StatusNotFound {
				return nil // the folder was deleted meanwhile
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var all []*listedFolder
	for _, f := range found {
		all = append(all, f...)
	}
	return all, nil
}
