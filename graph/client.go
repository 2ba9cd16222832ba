package graph

import (
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/mailhaul/mailhaul/graph/internal/limits"
	"github.com/mailhaul/mailhaul/graph/internal/links"
	"github.com/mailhaul/mailhaul/graph/internal/transport"
)

// A Client sends requests to one Graph with one credential. It is safe for concurrent use.
type Client struct {
	opts      Options
	base      links.Base
	pipeline  runtime.Pipeline
	closeIdle func()
	limits    *limits.Limits
	users     *caller     // for requests that belong to no mailbox
	reached   atomic.Bool // Graph has answered
	readers   sync.Pool   // *exportReader
}

// New returns a client. It checks the options and sends nothing.
func New(opts Options) (*Client, error) {
	opts = opts.withDefaults()
	base, err := opts.check()
	if err != nil {
		return nil, fmt.Errorf("Graph client: %w", err)
	}
	c := &Client{opts: opts, base: links.Base{URL: base}, limits: limits.New(opts.MaxInFlight, max(0, opts.Budget))}
	c.readers.New = func() any { return newExportReader() }
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
		Transport: &transport.Guard{Next: next, Base: c.base, Idle: opts.IdleTimeout},
	})
	return c, nil
}

// Close closes idle connections. The client can still be used.
func (c *Client) Close() { c.closeIdle() }

// Open returns a client for one mailbox. It sends nothing. All clients that Open returns for a
// mailbox share its limits.
func (c *Client) Open(mailboxID string) *MailboxClient {
	return &MailboxClient{caller: caller{client: c, mailbox: mailboxID}}
}

// A MailboxClient reads one mailbox. It is safe for concurrent use: at most four requests are in
// flight, and others wait.
type MailboxClient struct {
	caller
	shapes      [kinds]shapeMemory // how lists of each kind are requested
	unnamed     atomic.Bool        // responses about several items do not say which they are
	unmatched   atomic.Int64       // responses in a row about one item that do not identify it
	unrequested atomic.Int64       // Stats.Unrequested
	duplicates  atomic.Int64       // Stats.Duplicates

	mu          sync.Mutex
	auxiliaries map[string]bool
}

// Stats are the counts of a MailboxClient.
type Stats struct {
	Requests    int64  // each attempt counted
	Retries     int64  // requests that repeat one after a temporary error
	Throttled   int64  // responses with status 429 or 503
	Unrequested int64  // elements of exports with an id that was not requested
	Duplicates  int64  // elements of exports with an id that came before
	InFlight    int    // requests to the mailbox now
	Limit       int    // how many there may be now
	Budget      Budget // of the mailbox
}

// A Budget is the state of the requests that Graph allows a mailbox in ten minutes.
type Budget struct {
	Used    int       // requests in the last ten minutes, at most 10 seconds more
	Allowed int       // 0: unlimited
	Resets  time.Time // when the oldest requests of Used expire; zero: Used is 0
}

// Stats returns the current counts.
func (m *MailboxClient) Stats() Stats {
	s := Stats{
		Requests: m.requests.Load(), Retries: m.retries.Load(), Throttled: m.throttles.Load(),
		Unrequested: m.unrequested.Load(), Duplicates: m.duplicates.Load(),
	}
	var b limits.Budget
	s.InFlight, s.Limit, b = m.client.limits.Mailbox(m.mailbox).State()
	s.Budget = Budget(b)
	return s
}

// Auxiliaries returns the sorted ids of the other mailboxes to which Graph redirected requests, as
// it does for archives that outgrew one mailbox.
func (m *MailboxClient) Auxiliaries() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.auxiliaries))
}

// maxAuxiliaries is above the number that Exchange creates for an archive.
const maxAuxiliaries = 1000

// auxiliary returns the mailbox of a URL that answered, and records it for Auxiliaries. It is empty
// if that is the client's own.
func (m *MailboxClient) auxiliary(target string) string {
	id, ok := m.client.base.Mailbox(target)
	if !ok || strings.EqualFold(id, m.mailbox) {
		return ""
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.auxiliaries == nil {
		m.auxiliaries = map[string]bool{}
	}
	if len(m.auxiliaries) < maxAuxiliaries {
		m.auxiliaries[id] = true
	}
	return id
}

// url returns the URL of a path below the mailbox. It escapes each segment.
func (m *MailboxClient) url(segments ...string) string {
	return m.client.base.Join(append([]string{"admin", "exchange", "mailboxes", m.mailbox}, segments...)...)
}

// newRequestID returns a random UUID: RFC 9562, version 4.
func newRequestID() string {
	var id [16]byte
	rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
