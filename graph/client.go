package graph

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/mailhaul/mailhaul/graph/internal/exportjson"
)

// A Client talks to one Graph with one credential. It is safe for concurrent use.
type Client struct {
	opts      Options
	base      *url.URL
	pipeline  runtime.Pipeline
	closeIdle func()
	limiters  *limiters
	users     *caller     // for what belongs to no mailbox
	reached   atomic.Bool // Graph answered at least once
	decoders  sync.Pool
}

// New returns a client. It checks the options and sends nothing.
func New(opts Options) (*Client, error) {
	opts = opts.withDefaults()
	base, err := opts.check()
	if err != nil {
		return nil, fmt.Errorf("Graph client: %w", err)
	}
	c := &Client{opts: opts, base: base, limiters: newLimiters(opts.MaxInFlight, max(0, opts.Budget))}
	c.decoders.New = func() any { return exportjson.NewDecoder() }
	c.users = &caller{client: c}

	next, closeIdle := opts.transport()
	c.closeIdle = closeIdle
	var perRetry []policy.Policy
	if opts.Credential != nil {
		perRetry = append(perRetry, runtime.NewBearerTokenPolicy(opts.Credential, []string{scope(base)},
			&policy.BearerTokenOptions{InsecureAllowCredentialWithHTTP: base.Scheme == "http"}))
	}
	c.pipeline = runtime.NewPipeline("mailhaul/graph", "v1", runtime.PipelineOptions{PerRetry: perRetry}, &policy.ClientOptions{
		Retry:     policy.RetryOptions{MaxRetries: -1},
		Telemetry: policy.TelemetryOptions{Disabled: true},
		Transport: &guard{next: next, base: base, idle: opts.IdleTimeout},
	})
	return c, nil
}

// Close closes idle connections. The client remains of use.
func (c *Client) Close() { c.closeIdle() }

// Open returns a client for one mailbox. It sends nothing. What goes to a mailbox
// shares its limits, be it through several clients that one Client opened.
func (c *Client) Open(mailboxID string) *MailboxClient {
	return &MailboxClient{caller: caller{client: c, mailbox: mailboxID}}
}

// A MailboxClient reads one mailbox. It is safe for concurrent use, and of the
// requests that wait at most four are in flight.
type MailboxClient struct {
	caller
	shapes    [kinds]listing // how each is requested here
	unnamed   atomic.Bool    // answers about several items do not say which they are
	unmatched atomic.Int64   // answers in a row about one item that were about none
	unasked   atomic.Int64   // Stats.Unasked
	twice     atomic.Int64   // Stats.Duplicates

	mu          sync.Mutex
	auxiliaries map[string]bool
}

// Stats tell what a MailboxClient did so far.
type Stats struct {
	Requests   int64  // sent, each attempt counted
	Retries    int64  // of these, those that repeat one that met a temporary error
	Throttled  int64  // answered with 429 or 503
	Unasked    int64  // elements of exports whose id was not asked for
	Duplicates int64  // elements of exports whose id was already there
	InFlight   int    // requests to the mailbox now
	Limit      int    // how many there may be now
	Budget     Budget // of the mailbox
}

// Stats returns what the client did so far.
func (m *MailboxClient) Stats() Stats {
	s := Stats{
		Requests: m.requests.Load(), Retries: m.retries.Load(), Throttled: m.throttles.Load(),
		Unasked: m.unasked.Load(), Duplicates: m.twice.Load(),
	}
	s.InFlight, s.Limit, s.Budget = m.client.limiters.limiter(m.mailbox).state()
	return s
}

// Auxiliaries returns the ids of the other mailboxes to which Graph sent requests
// for this one, as it does for archives that outgrew one mailbox. They are sorted.
func (m *MailboxClient) Auxiliaries() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.auxiliaries))
}

// maxAuxiliaries is beyond what Exchange has of an archive.
const maxAuxiliaries = 1000

// answeredBy returns the mailbox that a URL leads to, or nothing if that is the
// client's own, and takes note of it.
func (m *MailboxClient) answeredBy(target string) string {
	p, ok := m.client.mailboxPath(target)
	if !ok || strings.EqualFold(p.mailbox, m.mailbox) {
		return ""
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.auxiliaries == nil {
		m.auxiliaries = map[string]bool{}
	}
	if len(m.auxiliaries) < maxAuxiliaries {
		m.auxiliaries[p.mailbox] = true
	}
	return p.mailbox
}

// url returns the URL of a path below the mailbox, each segment escaped.
func (m *MailboxClient) url(segments ...string) string {
	return m.client.url(append([]string{"admin", "exchange", "mailboxes", m.mailbox}, segments...)...)
}

// url returns the URL of a path below the base, each segment escaped.
func (c *Client) url(segments ...string) string {
	var b strings.Builder
	b.WriteString(c.base.String())
	for _, s := range segments {
		b.WriteString("/" + url.PathEscape(s))
	}
	return b.String()
}
