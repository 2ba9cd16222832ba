package simulator

import (
	"io"
	"iter"
	"time"

	"github.com/mailhaul/mailhaul/simulator/internal/mailbox"
)

// Folder is a folder as the server knows it.
type Folder struct {
	ID            string
	ParentID      string // empty for the root, which no listing shows
	DisplayName   string
	Type          string
	WellKnownName string
	Hidden        bool
	Search        bool   // it shows items of other folders and has none of its own
	Items         int    // totalItemCount
	MailboxID     string // the mailbox that it lives in, which may be an auxiliary archive
}

// Item is an item as the server knows it.
type Item struct {
	ID        string
	FolderID  string
	ChangeKey string
	Type      string // the message class
	Size      int64  // as listings report it, which is not the stream's length
	// Created and Modified are exact; listings truncate them to seconds.
	Created, Modified time.Time
	Categories        []string
}

// Folders lists all folders that a mailbox has now, each after its parent unless folders were
// moved. It returns nil if there is no such mailbox.
func (s *Server) Folders(mailboxID string) []Folder {
	m := s.tenant.locate(mailboxID).mailbox
	if m == nil {
		return nil
	}
	t := m.Tree()
	all := make([]Folder, 0, len(t.Folders))
	for i := range t.Folders {
		f := &t.Folders[i]
		if f.Gone {
			continue
		}
		parent := ""
		if f.Parent >= 0 {
			parent = m.FolderID(f.Parent)
		}
		all = append(all, Folder{ID: m.FolderID(i), ParentID: parent, DisplayName: f.Name, Type: f.Type, WellKnownName: f.WellKnownName,
			Hidden: f.Hidden, Search: f.Search, Items: m.Count(f), MailboxID: m.IDOf(f.Auxiliary)})
	}
	return all
}

// Items yields all items that a mailbox has now, folder by folder, each once. The mailbox may
// change meanwhile: a folder is seen as it was when the loop came to it, without the items that
// have left since.
func (s *Server) Items(mailboxID string) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		m := s.tenant.locate(mailboxID).mailbox
		if m == nil {
			return
		}
		t := m.Tree()
		for i := range t.Folders {
			if f := &t.Folders[i]; !f.Search && !f.Gone && !yieldItems(m, f, yield) {
				return
			}
		}
	}
}

func yieldItems(m *hostedMailbox, f *mailbox.Folder, yield func(Item) bool) bool {
	v := m.View(f, mailbox.ByCreation)
	for k := range v.Len() {
		it, ok := m.Item(v.Number(k))
		if ok && !yield(Item{ID: it.ID(), FolderID: m.FolderID(f.Index), ChangeKey: it.ChangeKey(),
			Type: it.Class, Size: it.ListedSize, Created: it.Created, Modified: it.Modified, Categories: it.Categories}) {
			return false
		}
	}
	return true
}

// WriteItem writes an item's stream: the bytes that exportItems carries in base64.
func (s *Server) WriteItem(w io.Writer, mailboxID, itemID string) error {
	return s.tenant.withItem("write item", mailboxID, itemID, func(m *hostedMailbox, number uint64) error {
		it, ok := m.Item(number)
		if !ok {
			return mailbox.ErrUnknownID
		}
		return s.generator.Write(w, &it.Message)
	})
}
