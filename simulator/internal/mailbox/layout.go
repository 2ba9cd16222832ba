package mailbox

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailhaul/mailhaul/simulator/internal/content"
)

// leaf describes a folder of a new mailbox. Its parent is the nearest folder before it that is less
// deep.
type leaf struct {
	depth     int
	name      string
	kind      string
	wellKnown string
	share     int64 // of the mailbox's items, in proportion to those of the other folders
	flag      byte  // 'h' hidden, 's' search folder, 'x' both, 'a' in an auxiliary archive if there is one
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

// withFolders adds folders below the third leaf until there are at least as many as given, the root
// not counted.
func withFolders(leaves []leaf, folders int) []leaf {
	const above = 2
	var more []leaf
	for n := len(leaves) - 1; n < folders; n++ {
		name := fmt.Sprintf("%04d %s", len(more)+1, content.LastName(len(more)))
		more = append(more, leaf{leaves[above].depth + 1, name, "IPF.Note", "", 4, 0})
	}
	return slices.Insert(slices.Clone(leaves), above+1, more...)
}
