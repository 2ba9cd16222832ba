package simulator

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Operation is a kind of request.
type Operation string

// The operations. A request that no path leads to has none.
const (
	OpToken       Operation = "token"        // a token, or where to ask for one
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

// call is one request on its way to an answer.
type call struct {
	server    *Server
	w         http.ResponseWriter
	r         *http.Request
	started   time.Time
	requestID string
	op        Operation
	method    string // that the operation takes
	handle    func(*call) error
	version   string
	userKey   string
	box       *mailbox
	auxiliary int      // which of the mailbox's auxiliaries the path names; 0 is itself
	behind    []string // the path's segments behind the mailbox
	folderKey string   // as the path has it
	itemKey   string
	children  bool     // the folders asked for are those below folderKey
	ids       []string // to export
	form      url.Values
	status    int
	query     query
	held      bool
	effect    effect
	recorder  *recorder
	out       *sender
}

// route finds out what a request is for.
func (c *call) route() error {
	if len(c.r.URL.EscapedPath())+len(c.r.URL.RawQuery) > maxPath {
		return refusal(http.StatusRequestURITooLong, "BadRequest", "The request URI is too long.")
	}
	segments, err := split(c.r.URL.EscapedPath())
	if err != nil {
		return refusal(http.StatusBadRequest, "BadRequest", "The request URI is malformed.")
	}
	err = c.find(segments)
	if err != nil {
		return err
	}
	if c.r.Method != c.method {
		return &apiError{status: http.StatusMethodNotAllowed, code: "Request_BadRequest",
			message: "Specified HTTP method is not allowed for the request target.", headers: [][2]string{{"Allow", c.method}}}
	}
	return nil
}

// split takes a path apart. A key in parentheses is a segment of its own: folders('x') is folders/x.
func split(path string) ([]string, error) {
	var segments []string
	for raw := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		s, err := url.PathUnescape(raw)
		if err != nil {
			return nil, err
		}
		name, key, ok := strings.Cut(s, "(")
		if !ok || !strings.HasSuffix(key, ")") || !isName(name) {
			segments = append(segments, s)
			continue
		}
		segments = append(segments, name)
		if key = strings.TrimSuffix(key, ")"); key != "" {
			segments = append(segments, unquote(key))
		}
	}
	return segments, nil
}

// isName reports whether a segment can be the name of a collection or function.
func isName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < 'A' || r > 'z' })
}

// unquote takes the quotes of an OData string off.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '\'' || s[len(s)-1] != '\'' {
		return s
	}
	return strings.ReplaceAll(s[1:len(s)-1], "''", "'")
}

// is compares a segment, in any case.
func is(segments []string, i int, name string) bool {
	return i < len(segments) && strings.EqualFold(segments[i], name)
}

// find follows the segments of a path.
func (c *call) find(segments []string) error {
	switch {
	case len(segments) == 4 && is(segments, 1, "oauth2") && is(segments, 2, "v2.0") && is(segments, 3, "token"):
		return c.to(OpToken, http.MethodPost, (*call).token)
	case len(segments) == 4 && is(segments, 1, "v2.0") && is(segments, 2, ".well-known") && is(segments, 3, "openid-configuration"):
		return c.to(OpToken, http.MethodGet, (*call).openIDConfiguration)
	case is(segments, 0, "v1.0"), is(segments, 0, "beta"):
		c.version = strings.ToLower(segments[0])
	default:
		return refusal(http.StatusBadRequest, "BadRequest", "Invalid version: %s", clip(segments[0]))
	}
	segments = segments[1:]
	switch {
	case is(segments, 0, "users"):
		return c.findUser(segments[1:])
	case is(segments, 0, "admin") && is(segments, 1, "exchange") && is(segments, 2, "mailboxes") && len(segments) > 3:
		return c.findMailbox(segments[3], segments[4:])
	case is(segments, 0, "me"):
		return refusal(http.StatusBadRequest, "BadRequest", "/me request is only valid with delegated authentication flow.")
	}
	return noSegment(segments)
}

func (c *call) to(op Operation, method string, handle func(*call) error) error {
	c.op, c.method, c.handle = op, method, handle
	return nil
}

// noSegment is the answer to a path that leads nowhere.
func noSegment(segments []string) error {
	last := ""
	if len(segments) > 0 {
		last = segments[0]
	}
	return refusal(http.StatusBadRequest, "BadRequest", "Resource not found for the segment '%s'.", clip(last))
}

func clip(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), 200)], "")
}

func (c *call) findUser(segments []string) error {
	switch {
	case len(segments) == 0:
		return c.to(OpUsers, http.MethodGet, (*call).users)
	case len(segments) == 1:
		c.userKey = segments[0]
		return c.to(OpUsers, http.MethodGet, (*call).user)
	case len(segments) == 3 && is(segments, 1, "settings") && is(segments, 2, "exchange"):
		c.userKey = segments[0]
		return c.to(OpSettings, http.MethodGet, (*call).settings)
	}
	return noSegment(segments[1:])
}

func (c *call) findMailbox(id string, segments []string) error {
	to := c.server.mailboxes[strings.ToLower(id)]
	c.box, c.auxiliary, c.behind = to.box, to.auxiliary, segments
	if c.box == nil {
		return refusal(http.StatusNotFound, "ResourceNotFound", "Resource could not be discovered.")
	}
	switch {
	case len(segments) == 1 && is(segments, 0, "exportItems"):
		return c.to(OpExport, http.MethodPost, (*call).exportItems)
	case is(segments, 0, "folders"), is(segments, 0, "childFolders"):
		return c.findFolder(segments[1:])
	}
	return noSegment(segments)
}

// findFolder follows what stands behind folders or childFolders.
func (c *call) findFolder(segments []string) error {
	switch {
	case len(segments) == 0:
		return c.to(OpFolders, http.MethodGet, (*call).folders)
	case len(segments) == 1 && is(segments, 0, "delta"):
		return c.to(OpFolderDelta, http.MethodGet, (*call).folderDelta)
	}
	c.folderKey, c.children = segments[0], false
	segments = segments[1:]
	switch {
	case len(segments) == 0:
		return c.to(OpFolder, http.MethodGet, (*call).folder)
	case is(segments, 0, "childFolders"):
		c.children = true
		return c.findFolder(segments[1:])
	case is(segments, 0, "items"):
		return c.findItem(segments[1:])
	}
	return noSegment(segments)
}

func (c *call) findItem(segments []string) error {
	switch {
	case len(segments) == 0:
		return c.to(OpItems, http.MethodGet, (*call).items)
	case len(segments) == 1 && is(segments, 0, "delta"):
		return c.to(OpItemDelta, http.MethodGet, (*call).itemDelta)
	case len(segments) == 1:
		c.itemKey = segments[0]
		return c.to(OpItem, http.MethodGet, (*call).item)
	}
	return noSegment(segments[1:])
}
