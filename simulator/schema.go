package simulator

import (
	"strings"

	"github.com/mailhaul/mailhaul/simulator/internal/odata"
)

// pageSize is how many elements a page of folders or items has if the request does not name another
// number.
const pageSize = 10

// The properties that $select may name.
var (
	folderFields = strings.Fields("id displayname parentfolderid parentmailboxurl childfoldercount totalitemcount wellknownname type")
	itemFields   = strings.Fields("id createddatetime lastmodifieddatetime changekey categories type size")
)

// schemas states which query options the operations take. Those without a schema take none.
var schemas = map[Operation]odata.Schema{
	OpUsers: {
		Type:     "user",
		Options:  strings.Fields("$top $skiptoken $select $count"),
		Select:   strings.Fields("id displayname userprincipalname mail"),
		PageSize: 100,
	},
	OpSettings: {
		Type:    "exchangeSettings",
		Options: strings.Fields("$select"),
		Select:  strings.Fields("primarymailboxid inplacearchivemailboxid"),
	},
	OpFolders: {
		Type:     "mailboxFolder",
		Options:  strings.Fields("$select $filter $top $skip $orderby $count $expand"),
		Select:   folderFields,
		OrderBy:  strings.Fields("displayname"),
		Filter:   map[string]odata.Kind{"displayname": odata.Text, "type": odata.Text, "wellknownname": odata.Text, "totalitemcount": odata.Number},
		PageSize: pageSize,
	},
	OpFolder: {
		Type:    "mailboxFolder",
		Options: strings.Fields("$select $expand"),
		Select:  folderFields,
	},
	OpFolderDelta: {
		Type:     "mailboxFolder",
		Options:  strings.Fields("$select $top $deltatoken $skiptoken $expand"),
		Select:   folderFields,
		PageSize: pageSize,
	},
	OpItems: {
		Type:    "mailboxItem",
		Options: strings.Fields("$select $filter $top $skip $orderby $count $expand"),
		Select:  itemFields,
		OrderBy: strings.Fields("createddatetime receiveddatetime lastmodifieddatetime"),
		Filter: map[string]odata.Kind{"createddatetime": odata.Time, "receiveddatetime": odata.Time, "lastmodifieddatetime": odata.Time,
			"type": odata.Text, "size": odata.Number},
		ClassFilter: true,
		PageSize:    pageSize,
	},
	OpItem: {
		Type:    "mailboxItem",
		Options: strings.Fields("$select $expand"),
		Select:  itemFields,
	},
	OpItemDelta: {
		Type:     "mailboxItem",
		Options:  strings.Fields("$select $filter $top $orderby $deltatoken $skiptoken $expand"),
		Select:   itemFields,
		OrderBy:  strings.Fields("receiveddatetime"),
		Filter:   map[string]odata.Kind{"receiveddatetime": odata.Time},
		PageSize: pageSize,
	},
}
