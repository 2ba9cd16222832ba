package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/sinks"
)

// The application permissions that an export needs.
const (
	readUsers   = "User.Read.All"
	readFolders = "MailboxFolder.Read.All"
	readItems   = "MailboxItem.Read.All"
	exportItems = "MailboxItem.Export.All"
)

// doctorAttempts is how often doctor sends a request that fails for a while, and
// doctorPatience for how long: it reports what it sees.
const (
	doctorAttempts = 3
	doctorPatience = 30 * time.Second
)

// sample is how many items doctor looks at to find a small one.
const sample = 50

// A source is a Graph that is examined.
type source struct {
	client  *graph.Client
	clock   sinks.Clock
	mailbox *graph.MailboxClient
	folders []graph.Folder
	item    graph.Item
}

// RoundTrip implements http.RoundTripper.
func (w *watching) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := time.Now()
	resp, err := w.Transport.RoundTrip(req)
	if err == nil {
		w.clock.Observe(sent, resp)
	}
	return resp, err
}

// A watching transport lets a clock learn from all answers.
type watching struct {
	*http.Transport
	clock *sinks.Clock
}

func (a *app) examineGraph(ctx context.Context, x *examination, f doctorFlags) error {
	opts, err := f.graph.options()
	if err != nil {
		return err
	}
	s := &source{}
	transport := &watching{http.DefaultTransport.(*http.Transport).Clone(), &s.clock}
	defer transport.CloseIdleConnections()
	opts.Transport = &http.Client{Transport: transport}
	opts.MaxAttempts, opts.MaxRetryTime, opts.PageSize, opts.NoProperties = doctorAttempts, doctorPatience, sample, true
	if s.client, err = newGraphClient(opts); err != nil {
		return err
	}
	defer s.client.Close()
	a.begin(x, "graph", fmt.Sprintf("graph %s for %s", f.graph.url, f.user), f.json)
	x.check(ctx, "token", nil, func() result { return s.token(ctx) })
	x.check(ctx, readUsers, []string{"token"}, func() result { return s.findMailbox(ctx, f.user) })
	x.check(ctx, readFolders, []string{readUsers}, func() result { return s.listFolders(ctx) })
	x.check(ctx, readItems, []string{readFolders}, func() result { return s.listItems(ctx) })
	x.check(ctx, exportItems, []string{readItems}, func() result { return s.export(ctx) })
	x.check(ctx, "clock", nil, func() result { return clockResult(&s.clock) })
	return nil
}

// token obtains a token, and tells what it says.
func (s *source) token(ctx context.Context) result {
	id, err := s.client.Identity(ctx)
	switch {
	case errors.Is(err, graph.ErrNoCredential):
		return fine("none is needed on loopback")
	case err != nil:
		return wrong(err, "")
	case id.Opaque:
		return fine("obtained; what it allows shows in use")
	case !id.Expires.IsZero() && time.Until(id.Expires) <= 0:
		return result{statusFailed, fmt.Sprintf("the token expired at %s", id.Expires.UTC().Format(time.RFC3339)), "get a new token, or unset MAILHAUL_GRAPH_TOKEN and let mailhaul get tokens"}
	case len(id.Scopes) > 0:
		return noted(fmt.Sprintf("a user's token, by the app %s: %s", id.App, strings.Join(id.Scopes, " ")),
			"it reaches that user's own mailbox alone; for others, use application permissions with a certificate or a secret")
	}
	missing := id.Lacks(readUsers, readFolders, readItems, exportItems)
	if len(missing) > 0 {
		return noted(fmt.Sprintf("obtained for the app %s, without %s", id.App, strings.Join(missing, ", ")),
			"Exchange's RBAC for Applications may grant them; whether it does shows below")
	}
	return fine("obtained for the app %s, with all permissions that an export needs", id.App)
}

func (s *source) findMailbox(ctx context.Context, user string) result {
	found, err := s.client.Mailboxes(ctx, user, false)
	if err != nil {
		return refusedBy(err, readUsers)
	}
	s.mailbox = s.client.Open(found[0].ID)
	return fine("the mailbox is %s", found[0].ID)
}

func (s *source) listFolders(ctx context.Context) result {
	var err error
	if s.folders, err = s.mailbox.Folders(ctx); err != nil {
		return refusedBy(err, readFolders)
	}
	items := 0
	for _, f := range s.folders {
		items += f.TotalItemCount
	}
	return fine("%s with %s", many(int64(len(s.folders)), "folder"), many(int64(items), "item"))
}

// listItems lists the beginning of a folder that has items, and picks the smallest.
func (s *source) listItems(ctx context.Context) result {
	for _, f := range s.folders {
		if f.TotalItemCount == 0 {
			continue
		}
		for page, err := range s.mailbox.Items(ctx, f.ID, graph.Cursor{}) {
			if err != nil {
				return refusedBy(err, readItems)
			}
			if items := page.Items; len(items) > 0 {
				items = items[:min(len(items), sample)]
				s.item = slices.MinFunc(items, func(a, b graph.Item) int { return cmp.Compare(a.Size, b.Size) })
				return fine("items of a folder are listed")
			}
		}
	}
	return skipped("the mailbox has no items: give --user of one that has")
}

// export exports an item and throws it away.
func (s *source) export(ctx context.Context) result {
	var d discard
	if err := s.mailbox.Export(ctx, []string{s.item.ID}, &d); err != nil {
		return refusedBy(err, exportItems)
	}
	switch {
	case d.failed != "":
		return noted("an item was asked for, and could not be exported: "+d.failed, "an export tries it again, and reports it")
	case d.gone:
		return noted("an item was asked for, and is gone meanwhile", "")
	}
	return fine("an item of %s was exported, and not kept", size(d.bytes))
}

// A discard is a graph.ExportHandler that keeps nothing.
type discard struct {
	bytes  int64
	failed string
	gone   bool
}

func (d *discard) Room(int) []byte               { return nil }
func (d *discard) Data(p []byte) error           { d.bytes += int64(len(p)); return nil }
func (d *discard) Discard()                      { d.bytes = 0 }
func (d *discard) Exported(string, string) error { return nil }
func (d *discard) Gone(string) error             { d.gone = true; return nil }
func (d *discard) Failed(_ string, e graph.ItemError) error {
	d.failed = e.Code + ": " + e.Message
	return nil
}

// refusedBy is the result of a call that a permission is needed for.
func refusedBy(err error, permission string) result {
	var g *graph.Error
	if errors.As(err, &g) && g.StatusCode == http.StatusForbidden {
		return result{statusFailed, err.Error(), "give the app the application permission " + permission +
			" of Microsoft Graph, with admin consent, or a role in Exchange's RBAC for Applications whose scope has this mailbox"}
	}
	return wrong(err, "")
}
