package simulator

import (
	"net/http"
	"strings"

	"github.com/mailhaul/mailhaul/simulator/internal/odata"
)

// Operation is a kind of request.
type Operation string

// The operations. A request whose path names nothing has none.
const (
	OpToken       Operation = "token"        // a token, or the configuration that leads to one
	OpUsers       Operation = "users"        // a user, or all
	OpSettings    Operation = "settings"     // settings/exchange
	OpFolders     Operation = "folders"      // a list of folders
	OpFolder      Operation = "folder"       // one folder
	OpFolderDelta Operation = "folder delta" // changes of folders
	OpItems       Operation = "items"        // a list of items
	OpItem        Operation = "item"         // one item
	OpItemDelta   Operation = "item delta"   // changes of items
	OpExport      Operation = "export"       // exportItems
)

// maxPath bounds a request's path and query, in bytes.
const maxPath = 32 << 10

// target is what a request's path names.
type target struct {
	op        Operation
	method    string // that op takes
	handle    func(*call) error
	host      string // the URL of the server, as the client reached it
	version   string // v1.0 or beta
	user      string // as in the path
	mailbox   *hostedMailbox
	auxiliary int      // the mailbox's auxiliary that the path names; 0 is the mailbox itself
	subpath   []string // the segments after the mailbox
	folder    string   // as in the path
	item      string   // as in the path
	children  bool     // the list is of the folders below folder
}

// route finds the target of a request.
func (c *call) route() error {
	if len(c.r.URL.EscapedPath())+len(c.r.URL.RawQuery) > maxPath {
		return odata.Errorf(http.StatusRequestURITooLong, "BadRequest", "The request URI is too long.")
	}
	segments, err := odata.SplitPath(c.r.URL.EscapedPath())
	if err != nil {
		return odata.Errorf(http.StatusBadRequest, "BadRequest", "The request URI is malformed.")
	}
	c.host = "http://" + c.r.Host
	if c.r.TLS != nil {
		c.host = "https://" + c.r.Host
	}
	if err := c.routeRoot(&c.server.tenant, segments); err != nil {
		return err
	}
	if c.r.Method != c.method {
		return &odata.Error{Status: http.StatusMethodNotAllowed, Code: "Request_BadRequest",
			Message: "Specified HTTP method is not allowed for the request target.", Header: [][2]string{{"Allow", c.method}}}
	}
	return nil
}

// is compares a segment in any case.
func is(segments []string, i int, name string) bool {
	return i < len(segments) && strings.EqualFold(segments[i], name)
}

func (t *target) to(op Operation, method string, handle func(*call) error) error {
	t.op, t.method, t.handle = op, method, handle
	return nil
}

// noSegment is the error of a path that names nothing.
func noSegment(segments []string) error {
	first := ""
	if len(segments) > 0 {
		first = segments[0]
	}
	return odata.Errorf(http.StatusBadRequest, "BadRequest", "Resource not found for the segment '%s'.", odata.Clip(first))
}

// routeRoot follows a path from its first segment.
func (t *target) routeRoot(in *tenant, segments []string) error {
	switch {
	case len(segments) == 4 && is(segments, 1, "oauth2") && is(segments, 2, "v2.0") && is(segments, 3, "token"):
		return t.to(OpToken, http.MethodPost, grantToken)
	case len(segments) == 4 && is(segments, 1, "v2.0") && is(segments, 2, ".well-known") && is(segments, 3, "openid-configuration"):
		return t.to(OpToken, http.MethodGet, showConfiguration)
	case is(segments, 0, "v1.0"), is(segments, 0, "beta"):
		t.version = strings.ToLower(segments[0])
	default:
		return odata.Errorf(http.StatusBadRequest, "BadRequest", "Invalid version: %s", odata.Clip(segments[0]))
	}
	segments = segments[1:]
	switch {
	case is(segments, 0, "users"):
		return t.routeUser(segments[1:])
	case is(segments, 0, "admin") && is(segments, 1, "exchange") && is(segments, 2, "mailboxes") && len(segments) > 3:
		return t.routeMailbox(in.locate(segments[3]), segments[4:])
	case is(segments, 0, "me"):
		return odata.Errorf(http.StatusBadRequest, "BadRequest", "/me request is only valid with delegated authentication flow.")
	}
	return noSegment(segments)
}

// routeUser follows a path from after users.
func (t *target) routeUser(segments []string) error {
	if len(segments) == 0 {
		return t.to(OpUsers, http.MethodGet, listUsers)
	}
	t.user = segments[0]
	switch {
	case len(segments) == 1:
		return t.to(OpUsers, http.MethodGet, showUser)
	case len(segments) == 3 && is(segments, 1, "settings") && is(segments, 2, "exchange"):
		return t.to(OpSettings, http.MethodGet, showSettings)
	}
	return noSegment(segments[1:])
}

// routeMailbox follows a path from after the mailbox.
func (t *target) routeMailbox(at location, segments []string) error {
	t.mailbox, t.auxiliary, t.subpath = at.mailbox, at.auxiliary, segments
	if t.mailbox == nil {
		return odata.Errorf(http.StatusNotFound, "ResourceNotFound", "Resource could not be discovered.")
	}
	switch {
	case len(segments) == 1 && is(segments, 0, "exportItems"):
		return t.to(OpExport, http.MethodPost, exportItems)
	case is(segments, 0, "folders"), is(segments, 0, "childFolders"):
		return t.routeFolder(segments[1:])
	}
	return noSegment(segments)
}

// routeFolder follows a path from after folders or childFolders.
func (t *target) routeFolder(segments []string) error {
	switch {
	case len(segments) == 0:
		return t.to(OpFolders, http.MethodGet, listFolders)
	case len(segments) == 1 && is(segments, 0, "delta"):
		return t.to(OpFolderDelta, http.MethodGet, listFolderChanges)
	}
	t.folder, t.children = segments[0], false
	segments = segments[1:]
	switch {
	case len(segments) == 0:
		return t.to(OpFolder, http.MethodGet, showFolder)
	case is(segments, 0, "childFolders"):
		t.children = true
		return t.routeFolder(segments[1:])
	case is(segments, 0, "items"):
		return t.routeItem(segments[1:])
	}
	return noSegment(segments)
}

// routeItem follows a path from after items.
func (t *target) routeItem(segments []string) error {
	switch {
	case len(segments) == 0:
		return t.to(OpItems, http.MethodGet, listItems)
	case len(segments) == 1 && is(segments, 0, "delta"):
		return t.to(OpItemDelta, http.MethodGet, listItemChanges)
	case len(segments) == 1:
		t.item = segments[0]
		return t.to(OpItem, http.MethodGet, showItem)
	}
	return noSegment(segments[1:])
}

// base is the URL of the version.
func (t *target) base() string { return t.host + "/" + t.version }

// mailboxURL is the URL of the mailbox, or of one of its auxiliaries.
func (t *target) mailboxURL(auxiliary int) string {
	return t.base() + "/admin/exchange/mailboxes/" + t.mailbox.IDOf(auxiliary)
}

// resource is the URL of what the path names, as links spell it.
func (t *target) resource() string {
	if t.op == OpUsers {
		return t.base() + "/users"
	}
	url := t.mailboxURL(0) + "/folders"
	if t.folder != "" {
		url += odata.Key(t.folder)
	}
	switch t.op {
	case OpItems:
		return url + "/items"
	case OpItemDelta:
		return url + "/items/delta"
	}
	if t.children {
		url += "/childFolders"
	}
	if t.op == OpFolderDelta {
		url += "/delta"
	}
	return url
}
