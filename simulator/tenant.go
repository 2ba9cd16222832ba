package simulator

import (
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/mailhaul/mailhaul/simulator/internal/content"
	"github.com/mailhaul/mailhaul/simulator/internal/mailbox"
	"github.com/mailhaul/mailhaul/simulator/internal/rng"
)

// Mailbox is a user's primary mailbox.
type Mailbox struct {
	ID        string `json:"id"`                  // MBX:guid@guid
	User      string `json:"user"`                // the user principal name; the first is always megan.bowen@contoso.com
	ArchiveID string `json:"archiveId,omitempty"` // the archive mailbox; empty if the user has none
}

// tenant is the users and their mailboxes. It does not change.
type tenant struct {
	users     []*user
	byName    map[string]*user    // by id, and by name in lower case
	mailboxes map[string]location // by id in lower case
}

type user struct {
	id, name, display string
	primary, archive  *hostedMailbox
}

// location is what a mailbox's id names.
type location struct {
	mailbox   *hostedMailbox
	auxiliary int // 0 is the mailbox itself
}

// hostedMailbox is a mailbox and what the server keeps for it.
type hostedMailbox struct {
	*mailbox.Mailbox
	limits   []limiter // of the mailbox and its auxiliaries
	expiries expiries
	changer  changer
	prepared atomic.Pointer[[]fragment] // by item number; nil before Prepare
}

// newTenant makes the users and their mailboxes.
func newTenant(opts *Options, g *content.Generator, s *mailbox.Sealer) tenant {
	r := rng.New(opts.Seed, 't')
	b := tenantBuilder{opts: opts, generator: g, sealer: s, guid: r.GUID()}
	b.tenant = tenant{byName: map[string]*user{}, mailboxes: map[string]location{}}
	items := uint64(opts.Items)
	primary := mailbox.PrimaryTree(items, opts.Folders)
	archive := mailbox.ArchiveTree(items/4, opts.Auxiliaries)
	for i := range opts.Mailboxes {
		r := rng.New(opts.Seed, 'u', uint64(i))
		display, address := content.Employee(i)
		u := &user{id: r.GUID(), name: address, display: display}
		u.primary = b.add(mailbox.Config{Tree: primary, Items: items}, &r)
		if opts.Archives {
			u.archive = b.add(mailbox.Config{Tree: archive, Items: items / 4, Archive: true}, &r)
		}
		b.tenant.byName[u.id], b.tenant.byName[strings.ToLower(u.name)] = u, u
		b.tenant.users = append(b.tenant.users, u)
	}
	return b.tenant
}

type tenantBuilder struct {
	tenant    tenant
	opts      *Options
	generator *content.Generator
	sealer    *mailbox.Sealer
	guid      string // of the tenant
	added     uint32
}

// add completes the description of a mailbox, and adds the mailbox to the tenant.
func (b *tenantBuilder) add(c mailbox.Config, r *rng.Rand) *hostedMailbox {
	c.Index, c.Generator, c.Sealer, c.Now = b.added, b.generator, b.sealer, b.opts.Now
	b.added++
	c.GUID, c.Seed = r.GUID(), r.Next()
	c.ID = "MBX:" + c.GUID + "@" + b.guid
	if c.Archive {
		for range b.opts.Auxiliaries {
			c.Auxiliaries = append(c.Auxiliaries, "MBX:"+r.GUID()+"@"+b.guid)
		}
	}
	m := &hostedMailbox{Mailbox: mailbox.New(c), limits: make([]limiter, 1+len(c.Auxiliaries))}
	for i := range m.limits {
		b.tenant.mailboxes[strings.ToLower(m.IDOf(i))] = location{m, i}
	}
	return m
}

// user finds a user by id or principal name; nil if there is none.
func (t *tenant) user(key string) *user { return t.byName[strings.ToLower(key)] }

// locate finds a mailbox by its id or that of an auxiliary. There is none if the location's mailbox
// is nil.
func (t *tenant) locate(id string) location { return t.mailboxes[strings.ToLower(id)] }

// Mailboxes lists the users' mailboxes in a fixed order.
func (s *Server) Mailboxes() []Mailbox {
	all := make([]Mailbox, 0, len(s.tenant.users))
	for _, u := range s.tenant.users {
		m := Mailbox{ID: u.primary.ID, User: u.name}
		if u.archive != nil {
			m.ArchiveID = u.archive.ID
		}
		all = append(all, m)
	}
	return all
}

// changer makes the random changes of [Options].ChangeEvery to a mailbox.
type changer struct {
	mu       sync.Mutex
	rand     *rand.Rand
	requests int
}

// countRequest counts a request, and changes the mailbox if it is time to.
func (m *hostedMailbox) countRequest(opts *Options) {
	if opts.ChangeEvery == 0 {
		return
	}
	m.changer.mu.Lock()
	defer m.changer.mu.Unlock()
	if m.changer.rand == nil {
		m.changer.rand = rand.New(rand.NewPCG(opts.Seed, uint64(m.Index())))
	}
	if m.changer.requests++; m.changer.requests%opts.ChangeEvery == 0 {
		opts.Logger.Debug("change", "mailbox", m.ID, "what", m.Step(m.changer.rand))
	}
}
