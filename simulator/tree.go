package simulator

import (
	"fmt"
	"math/bits"
	"slices"
	"sort"
	"strings"
)

// folder is a node of a tree. The seed gave it the items numbered first to first+count-1; which of them are still there
// the mailbox knows.
type folder struct {
	index     int
	parent    int
	former    []int // parents that it has left
	name      string
	kind      string // IPF.Note and so on
	wellKnown string
	hidden    bool
	search    bool
	gone      bool
	created   bool // it came after the start
	auxiliary int  // the auxiliary mailbox that it lives in; 0 is the mailbox itself
	source    int  // the folder whose items a search folder shows
	first     uint64
	count     uint64
	children  []int
}

// tree is the folders of a mailbox; the first is the root, which no listing shows. Mailboxes of a kind share one until
// their folders change.
type tree struct {
	folders []folder
	filled  []int // the folders with items, in the order of their numbers
}

// leaf describes a folder when the tree is made; depth puts it below the nearest one above it that is less deep.
type leaf struct {
	depth     int
	name      string
	kind      string
	wellKnown string
	share     int64 // of the mailbox's items, in proportion to the others'
	flag      byte  // 'h' hidden, 's' search folder, 'x' both, 'a' moved to an auxiliary archive if there is one
}

var primaryLeaves = []leaf{
	{0, "Top of Information Store", "", "msgfolderroot", 0, 0},
	{1, "Inbox", "IPF.Note", "inbox", 380, 0},
	{2, "Projects", "IPF.Note", "", 40, 0},
	{3, "2024/Q3", "IPF.Note", "", 20, 0},
	{3, "2024", "IPF.Note", "", 5, 0},
	{4, "Q3", "IPF.Note", "", 8, 0},
	{2, "Invoices", "IPF.Note", "", 12, 0},
	{2, "invoices", "IPF.Note", "", 5, 0},
	{2, "Duplicate", "IPF.Note", "", 5, 0},
	{2, "Duplicate", "IPF.Note", "", 5, 0},
	{2, "", "IPF.Note", "", 5, 0},
	{2, "CON", "IPF.Note", "", 5, 0},
	{2, "NUL", "IPF.Note", "", 5, 0},
	{2, "aux.txt", "IPF.Note", "", 5, 0},
	{2, "Etc. etc...", "IPF.Note", "", 5, 0},
	{2, "Trailing space ", "IPF.Note", "", 5, 0},
	{2, "..", "IPF.Note", "", 5, 0},
	{2, `back\slash: "quoted" <a|b> *?`, "IPF.Note", "", 5, 0},
	{2, "📬 Newsletter 🎉 — grün", "IPF.Note", "", 10, 0},
	{2, strings.Repeat("A very long name that goes on ", 8) + "and ends", "IPF.Note", "", 5, 0},
	{2, strings.Repeat("長い名前", 40), "IPF.Note", "", 5, 0},
	{2, "Level 1", "IPF.Note", "", 2, 0},
	{3, "Level 2", "IPF.Note", "", 2, 0},
	{4, "Level 3", "IPF.Note", "", 2, 0},
	{5, "Level 4", "IPF.Note", "", 2, 0},
	{6, "Level 5", "IPF.Note", "", 2, 0},
	{7, "Level 6", "IPF.Note", "", 2, 0},
	{8, "Level 7", "IPF.Note", "", 2, 0},
	{9, "Level 8", "IPF.Note", "", 2, 0},
	{10, "Level 9", "IPF.Note", "", 2, 0},
	{11, "Level 10", "IPF.Note", "", 2, 0},
	{1, "Drafts", "IPF.Note", "drafts", 8, 0},
	{1, "Sent Items", "IPF.Note", "sentitems", 170, 0},
	{1, "Deleted Items", "IPF.Note", "deleteditems", 50, 0},
	{1, "Junk Email", "IPF.Note", "junkemail", 20, 0},
	{1, "Archive", "IPF.Note", "archive", 60, 0},
	{1, "Outbox", "IPF.Note", "outbox", 0, 0},
	{1, "Conversation History", "IPF.Note", "conversationhistory", 5, 0},
	{2, "Team Chat", "IPF.Note", "", 10, 'h'},
	{1, "Calendar", "IPF.Appointment", "calendar", 60, 0},
	{2, "Birthdays", "IPF.Appointment.Birthday", "", 5, 0},
	{1, "Contacts", "IPF.Contact", "contacts", 20, 0},
	{2, "Recipient Cache", "IPF.Contact.RecipientCache", "recipientcache", 8, 'h'},
	{2, "{06967759-274D-40B2-A3EB-D7F9E73727D7}", "IPF.Contact.GalContacts", "", 0, 'h'},
	{1, "Tasks", "IPF.Task", "tasks", 15, 0},
	{1, "Notes", "IPF.StickyNote", "notes", 4, 0},
	{1, "Journal", "IPF.Journal", "journal", 3, 0},
	{1, "PersonMetadata", "IPF.Contact", "", 4, 'h'},
	{1, "Yammer Root", "IPF.Note", "", 0, 'h'},
	{2, "Feeds", "IPF.Note", "", 3, 0},
	{1, "Recoverable Items", "", "recoverableitemsroot", 0, 0},
	{2, "Deletions", "IPF.Note", "recoverableitemsdeletions", 12, 0},
	{2, "Purges", "IPF.Note", "recoverableitemspurges", 3, 0},
	{2, "Versions", "IPF.Note", "recoverableitemsversions", 3, 0},
	{1, "Finder", "IPF.Note", "searchfolders", 0, 0},
	{2, "Unread Mail", "IPF.Note", "", 0, 's'},
	{2, "Categorized", "IPF.Note", "", 0, 's'},
	{3, "Large Mail", "IPF.Note", "", 0, 's'},
	{2, "OrionSearch", "IPF.Note", "", 0, 'x'},
}

var archiveLeaves = []leaf{
	{0, "Top of Information Store", "", "", 0, 0},
	{1, "Inbox", "IPF.Note", "", 300, 0},
	{2, "2019", "IPF.Note", "", 200, 'a'},
	{3, "Q1", "IPF.Note", "", 20, 'a'},
	{3, "Q2", "IPF.Note", "", 20, 'a'},
	{2, "2018/19", "IPF.Note", "", 40, 0},
	{1, "Sent Items", "IPF.Note", "", 200, 0},
	{2, "2017", "IPF.Note", "", 60, 'a'},
	{1, "Deleted Items", "IPF.Note", "archivedeleteditems", 30, 0},
	{1, "Calendar", "IPF.Appointment", "", 20, 0},
	{1, "", "IPF.Note", "", 10, 0},
	{1, "Empty", "IPF.Note", "", 0, 0},
}

// withFolders adds folders below the third leaf until there are so many, the root not counted.
func withFolders(leaves []leaf, folders int) []leaf {
	const above = 2
	var more []leaf
	for n := len(leaves) - 1; n < folders; n++ {
		name := fmt.Sprintf("%04d %s", len(more)+1, lastNames[len(more)%len(lastNames)])
		more = append(more, leaf{leaves[above].depth + 1, name, "IPF.Note", "", 4, 0})
	}
	return slices.Insert(slices.Clone(leaves), above+1, more...)
}

// newTree deals the items out to the folders, and some folders to the auxiliary mailboxes, if there are any.
func newTree(leaves []leaf, items uint64, auxiliaries int) *tree {
	t := &tree{folders: make([]folder, len(leaves))}
	var total int64
	for _, l := range leaves {
		total += l.share
	}
	path := make([]int, 16) // the latest folder of each depth
	var dealt int64
	for i, l := range leaves {
		f := folder{index: i, parent: -1, name: l.name, kind: l.kind, wellKnown: l.wellKnown,
			hidden: l.flag == 'h' || l.flag == 'x', search: l.flag == 's' || l.flag == 'x', source: 1}
		if l.flag == 'a' && auxiliaries > 0 {
			f.auxiliary = 1 + path[l.depth-1]%auxiliaries
		}
		if l.depth > 0 {
			f.parent = path[l.depth-1]
			t.folders[f.parent].children = append(t.folders[f.parent].children, i)
		}
		path[l.depth] = i
		f.first = part(items, dealt, total)
		dealt += l.share
		f.count = part(items, dealt, total) - f.first
		t.folders[i] = f
		if f.count > 0 {
			t.filled = append(t.filled, i)
		}
	}
	return t
}

// part is items*share/total without overflow; share is at most total.
func part(items uint64, share, total int64) uint64 {
	high, low := bits.Mul64(items, uint64(share))
	n, _ := bits.Div64(high, low, uint64(total))
	return n
}

// holding returns the folder that an item's number belongs to.
func (t *tree) holding(number uint64) *folder {
	i := sort.Search(len(t.filled), func(i int) bool { return t.folders[t.filled[i]].first > number })
	return &t.folders[t.filled[i-1]]
}

// named returns the folder with a well-known name, in any case, or nil.
func (t *tree) named(name string) *folder {
	for i := range t.folders {
		if f := &t.folders[i]; f.wellKnown != "" && !f.gone && strings.EqualFold(f.wellKnown, name) {
			return f
		}
	}
	return nil
}
