package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/mailhaul/mailhaul/graph"
)

// The application permissions that an export needs. The check of each has its name.
const (
	readUsers   = "User.Read.All"
	readFolders = "MailboxFolder.Read.All"
	readItems   = "MailboxItem.Read.All"
	exportItems = "MailboxItem.Export.All"
)

const (
	maxAttempts  = 3 // of a request, and no longer than maxRetryTime: a check reports what it sees
	maxRetryTime = 30 * time.Second
	sampleSize   = 50 // items among which the check of exports takes the smallest
)

const checkToken = "token"

// GraphOptions say whose mailbox Graph checks, and how.
type GraphOptions struct {
	// Client is how an export reaches Graph. The checks set MaxAttempts, MaxRetryTime, PageSize,
	// NoProperties and Transport themselves.
	Client graph.Options

	// User is the principal name or the id of the user.
	User string

	// Remedy returns what to do about an error of Graph, or nothing, which is the default.
	Remedy func(error) string
}

// A mailbox is a user's mailbox that is examined.
type mailbox struct {
	*examination
	user    string
	client  *graph.Client
	clock   clock
	mailbox *graph.MailboxClient
	folders []graph.Folder
	item    graph.Item
}

// Graph checks whether Graph has what an export of a user's mailbox needs. It exports one item, and
// keeps nothing of it. The sequence can be used once. An error is one of the options, and nothing
// was sent.
func Graph(ctx context.Context, opts GraphOptions) (iter.Seq[Result], error) {
	m := &mailbox{examination: newExamination("graph", opts.Remedy, func(error) string { return "" }), user: opts.User}
	transport := &watchedTransport{http.DefaultTransport.(*http.Transport).Clone(), &m.clock}
	o := opts.Client
	o.Transport = &http.Client{Transport: transport}
	o.MaxAttempts, o.MaxRetryTime, o.PageSize, o.NoProperties = maxAttempts, maxRetryTime, sampleSize, true
	client, err := graph.New(o)
	if err != nil {
		return nil, err
	}
	m.client = client
	return func(yield func(Result) bool) {
		defer transport.CloseIdleConnections()
		defer client.Close()
		for _, c := range m.checks() {
			if !yield(m.run(ctx, c)) {
				return
			}
		}
	}, nil
}

func (m *mailbox) checks() []check {
	return []check{
		{checkToken, "a token is obtained", nil, m.token},
		{readUsers, "the user's mailbox is found", []string{checkToken}, m.find},
		{readFolders, "its folders can be listed", []string{readUsers}, m.listFolders},
		{readItems, "its items can be listed", []string{readFolders}, m.listItems},
		{exportItems, "its items can be exported", []string{readItems}, m.export},
		{"clock", "this machine's clock is right", nil, func(context.Context) outcome { return m.clock.judge() }},
	}
}

// token obtains a token, and reports its claims. Nothing vouches for these.
func (m *mailbox) token(ctx context.Context) outcome {
	id, err := m.client.Identity(ctx)
	switch {
	case errors.Is(err, graph.ErrNoCredential):
		return passed("none is needed on loopback")
	case err != nil:
		return m.failed(err, "")
	case id.Opaque:
		return passed("obtained; it is opaque, so the checks below show what it allows")
	case !id.Expires.IsZero() && time.Until(id.Expires) <= 0:
		return outcome{Failed, fmt.Sprintf("the token expired at %s", id.Expires.UTC().Format(time.RFC3339)),
			"get a new token, or unset MAILHAUL_GRAPH_TOKEN and let mailhaul get tokens"}
	case len(id.Scopes) > 0:
		return noted(fmt.Sprintf("a user's token, by the app %s: %s", id.App, strings.Join(id.Scopes, " ")),
			"it reaches that user's own mailbox alone; for others, use application permissions with a certificate or a secret")
	}
	missing := id.Lacks(readUsers, readFolders, readItems, exportItems)
	if len(missing) > 0 {
		return noted(fmt.Sprintf("obtained for the app %s, without %s", id.App, strings.Join(missing, ", ")),
			"Exchange's RBAC for Applications may grant them: the checks below show whether it does")
	}
	return passed("obtained for the app %s, with all permissions that an export needs", id.App)
}

func (m *mailbox) find(ctx context.Context) outcome {
	found, err := m.client.Mailboxes(ctx, m.user, false)
	if err != nil {
		return m.refused(err, readUsers)
	}
	m.mailbox = m.client.Open(found[0].ID)
	return passed("the mailbox is %s", found[0].ID)
}

func (m *mailbox) listFolders(ctx context.Context) outcome {
	var err error
	if m.folders, err = m.mailbox.Folders(ctx); err != nil {
		return m.refused(err, readFolders)
	}
	items := 0
	for _, f := range m.folders {
		items += f.TotalItemCount
	}
	return passed("%s with %s", count(len(m.folders), "folder"), count(items, "item"))
}

func count(n int, word string) string {
	return humanize.Comma(int64(n)) + " " + english.PluralWord(n, word, "")
}

// listItems lists the first items of a folder that has any, and picks the smallest.
func (m *mailbox) listItems(ctx context.Context) outcome {
	for _, f := range m.folders {
		if f.TotalItemCount == 0 {
			continue
		}
		for page, err := range m.mailbox.Items(ctx, f.ID, graph.Cursor{}) {
			if err != nil {
				return m.refused(err, readItems)
			}
			if items := page.Items; len(items) > 0 {
				items = items[:min(len(items), sampleSize)]
				m.item = slices.MinFunc(items, func(a, b graph.Item) int { return cmp.Compare(a.Size, b.Size) })
				return passed("items of a folder are listed")
			}
		}
	}
	return skipped("the mailbox has no items: choose the user of one that has some")
}

// export exports an item, and keeps nothing of it.
func (m *mailbox) export(ctx context.Context) outcome {
	var d discard
	if err := m.mailbox.Export(ctx, []string{m.item.ID}, &d); err != nil {
		return m.refused(err, exportItems)
	}
	switch {
	case d.failed != "":
		return noted("an item was requested, and could not be exported: "+d.failed, "an export retries it, and reports it")
	case d.gone:
		return noted("an item was requested, and has been deleted meanwhile", "")
	}
	return passed("an item of %s was exported, and not kept", humanize.IBytes(d.bytes))
}

// refused returns the outcome of the error of a call that needs a permission.
func (m *mailbox) refused(err error, permission string) outcome {
	if e, ok := errors.AsType[*graph.Error](err); ok && e.StatusCode == http.StatusForbidden {
		return outcome{Failed, err.Error(), "give the app the application permission " + permission +
			" of Microsoft Graph, with admin consent, or a role in Exchange's RBAC for Applications whose scope has this mailbox"}
	}
	return m.failed(err, "")
}

// A discard is a graph.ExportHandler that counts bytes and keeps nothing.
type discard struct {
	bytes  uint64
	failed string
	gone   bool
}

func (d *discard) Room(int) []byte               { return nil }
func (d *discard) Data(p []byte) error           { d.bytes += uint64(len(p)); return nil }
func (d *discard) Discard()                      { d.bytes = 0 }
func (d *discard) Exported(string, string) error { return nil }
func (d *discard) Gone(string) error             { d.gone = true; return nil }
func (d *discard) Failed(_ string, e graph.ItemError) error {
	d.failed = e.Code + ": " + e.Message
	return nil
}
