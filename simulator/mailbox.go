package simulator

import (
	"encoding/hex"
	"io"
	"iter"
	"strings"
	"sync/atomic"
	"time"
)

// Mailbox is a user's primary mailbox as the server knows it.
type Mailbox struct {
	ID        string `json:"id"`                  // MBX:guid@guid
	User      string `json:"user"`                // the user principal name; the first is always megan.bowen@contoso.com
	ArchiveID string `json:"archiveId,omitempty"` // the archive mailbox; empty if the user has none
}

// Folder is what a test may know of a folder. Search folders hold none of the mailbox's items themselves.
type Folder struct {
	ID            string
	ParentID      string // empty for the root, which no listing shows
	DisplayName   string
	Type          string
	WellKnownName string
	Hidden        bool
	Search        bool
	Items         int    // totalItemCount
	MailboxID     string // the mailbox that it lives in, which may be an auxiliary archive
}

// Item is what a test may know of an item.
type Item struct {
	ID        string
	FolderID  string
	ChangeKey string
	Type      string // the message class
	Size      int64  // as the listing reports it, which is not the stream's length
	// Created and Modified are in full; listings truncate them to seconds.
	Created, Modified time.Time
	Categories        []string
}

// mailbox is one mailbox, primary or archive.
type mailbox struct {
	index   uint32
	id      string
	guid    string
	key     [16]byte // the guid's bytes
	user    *user
	archive bool
	count   uint64 // of the seed's items
	seed    uint64
	state
	steps       stepper
	auxiliaries []string                   // the ids of the auxiliary mailboxes that some folders live in
	limits      []limiter                  // of the mailbox and its auxiliaries
	prepared    atomic.Pointer[[]fragment] // by number; nil if Prepare was not asked for
}

// address is what a mailbox's id leads to.
type address struct {
	box       *mailbox
	auxiliary int // 0 is the mailbox itself
}

// user is one user of the tenant.
type user struct {
	id, name, display string
	primary, archive  *mailbox
}

// addUsers makes the users and their mailboxes.
func (s *Server) addUsers() {
	r := mixed(s.opts.Seed, 't')
	tenant := r.guid()
	items := uint64(s.opts.Items)
	primary := newTree(withFolders(primaryLeaves, s.opts.Folders), items, 0)
	archive := newTree(archiveLeaves, items/4, s.opts.Auxiliaries)
	for i := range s.opts.Mailboxes {
		r := mixed(s.opts.Seed, 'u', uint64(i))
		display, address := person(i)
		u := &user{id: r.guid(), name: address, display: display}
		u.primary = s.addMailbox(u, tenant, primary, items, false, &r)
		if s.opts.Archives {
			u.archive = s.addMailbox(u, tenant, archive, items/4, true, &r)
		}
		s.users[u.id], s.users[strings.ToLower(u.name)] = u, u
		s.order = append(s.order, u)
	}
}

func (s *Server) addMailbox(u *user, tenant string, t *tree, items uint64, archive bool, r *rng) *mailbox {
	m := &mailbox{index: uint32(s.made), guid: r.guid(), user: u, archive: archive, count: items}
	m.tree = t
	m.id = "MBX:" + m.guid + "@" + tenant
	key, _ := hex.DecodeString(strings.ReplaceAll(m.guid, "-", "")) // a GUID of our own making
	copy(m.key[:], key)
	m.seed = r.next()
	s.made++
	ids := []string{m.id}
	for range s.opts.Auxiliaries {
		if archive {
			ids = append(ids, "MBX:"+r.guid()+"@"+tenant)
		}
	}
	m.auxiliaries, m.limits = ids[1:], make([]limiter, len(ids))
	for i, id := range ids {
		s.mailboxes[strings.ToLower(id)] = address{m, i}
	}
	return m
}

// Mailboxes lists the users' mailboxes in a fixed order.
func (s *Server) Mailboxes() []Mailbox {
	all := make([]Mailbox, 0, len(s.order))
	for _, u := range s.order {
		m := Mailbox{ID: u.primary.id, User: u.name}
		if u.archive != nil {
			m.ArchiveID = u.archive.id
		}
		all = append(all, m)
	}
	return all
}

// Folders lists all folders that a mailbox has now, each after its parent unless folders were moved; nil if there is no such mailbox.
func (s *Server) Folders(mailboxID string) []Folder {
	m := s.mailbox(mailboxID)
	if m == nil {
		return nil
	}
	t := m.folderTree()
	all := make([]Folder, 0, len(t.folders))
	for i := range t.folders {
		f := &t.folders[i]
		if f.gone {
			continue
		}
		parent := ""
		if f.parent >= 0 {
			parent = s.folderID(m, f.parent)
		}
		all = append(all, Folder{ID: s.folderID(m, i), ParentID: parent, DisplayName: f.name, Type: f.kind,
			WellKnownName: f.wellKnown, Hidden: f.hidden, Search: f.search, Items: m.view(f, byCreation).len(),
			MailboxID: m.physical(f.auxiliary)})
	}
	return all
}

// Items goes through all items that a mailbox holds now, folder by folder, each once. It may change meanwhile: then what
// is seen of a folder is what it held when the loop came to it, less what went.
func (s *Server) Items(mailboxID string) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		m := s.mailbox(mailboxID)
		if m == nil {
			return
		}
		t := m.folderTree()
		for i := range t.folders {
			if f := &t.folders[i]; !f.search && !f.gone && !s.yieldItems(m, f, yield) {
				return
			}
		}
	}
}

func (s *Server) yieldItems(m *mailbox, f *folder, yield func(Item) bool) bool {
	v := m.view(f, byCreation)
	for k := range v.len() {
		it, ok := s.item(m, v.number(k))
		if ok && !yield(Item{ID: s.itemID(it), FolderID: s.folderID(m, f.index), ChangeKey: it.changeKey(),
			Type: it.class, Size: it.reported, Created: it.created, Modified: it.modified, Categories: it.labels}) {
			return false
		}
	}
	return true
}

// WriteItem writes an item's stream, the very bytes that exportItems carries in base64.
func (s *Server) WriteItem(w io.Writer, mailboxID, itemID string) error {
	m, number, err := s.locate(mailboxID, itemID)
	if err != nil {
		return liveError("write item", itemID, err)
	}
	it, ok := s.item(m, number)
	if !ok {
		return liveError("write item", itemID, errUnknownID)
	}
	return s.compose(w, it)
}

// folder finds a folder by id or, in a primary mailbox, by well-known name.
func (s *Server) folder(m *mailbox, id string) (*folder, error) {
	t := m.folderTree()
	if !m.archive {
		if f := t.named(id); f != nil {
			return f, nil
		}
	}
	number, err := s.sealer.decode(m, kindFolder, id)
	if err != nil {
		return nil, err
	}
	if number >= uint64(len(t.folders)) || t.folders[number].gone {
		return nil, errUnknownID
	}
	return &t.folders[number], nil
}

// physical is the id of the mailbox or of one of its auxiliaries.
func (m *mailbox) physical(auxiliary int) string {
	if auxiliary == 0 {
		return m.id
	}
	return m.auxiliaries[auxiliary-1]
}

// folderTree returns the folders as they are now.
func (m *mailbox) folderTree() *tree {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.tree
}

func (s *Server) mailbox(id string) *mailbox {
	return s.mailboxes[strings.ToLower(id)].box
}

func (s *Server) folderID(m *mailbox, index int) string {
	return s.sealer.encode(m, kindFolder, uint64(index))
}

func (s *Server) itemID(it item) string {
	return s.sealer.encode(it.box, kindItem, it.number)
}
