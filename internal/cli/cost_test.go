package cli_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/replicate"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/restore"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

// costs are the calls that a store charges for, of commands that follow one another, with a
// mailbox of 600 items. docs/cost.md has them in a table.
var costs = []struct {
	name  string
	row   string // of the table
	calls memstore.Calls
	copy  memstore.Calls // what the copy command asks for besides: whether both are one repository
}{
	{name: "first export", row: "first `export`, of a new repository", calls: memstore.Calls{Put: 6, Get: 2, List: 2}},
	{name: "export, nothing new", row: "`export`, nothing new", calls: memstore.Calls{Put: 3, Get: 3, List: 1}},
	{name: "export, 1 % new", row: "`export`, 1 % changed", calls: memstore.Calls{Put: 5, Get: 4, List: 1}},
	{name: "export, 1 % new again", row: "the same again, which joins two segments", calls: memstore.Calls{Put: 5, Get: 7, List: 1}},
	{name: "verify", row: "`verify`, of these four snapshots", calls: memstore.Calls{Get: 15, List: 3}},
	{name: "extract an item", row: "`extract` of one item", calls: memstore.Calls{Get: 8, Head: 1, List: 1}},
	{name: "ls", row: "`ls`", calls: memstore.Calls{Get: 5, List: 1}},
	{name: "snapshots", row: "`snapshots`", calls: memstore.Calls{Get: 9, List: 2}},
	{name: "copy", row: "`copy` of it all", calls: memstore.Calls{Put: 16, Get: 17, List: 4}, copy: memstore.Calls{Get: 2}},
	{name: "copy, nothing new", row: "`copy`, nothing new", calls: memstore.Calls{Put: 1, Get: 4, List: 3}, copy: memstore.Calls{Get: 2}},
}

// TestCostTable checks that commands send as many requests as the table of docs/cost.md allows.
func TestCostTable(t *testing.T) {
	doc, err := os.ReadFile("../../docs/cost.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range costs {
		all := add(c.calls, c.copy)
		row := "| " + c.row + " |"
		for _, n := range []int{all.Put, all.Get, all.Head, all.List} {
			if n > 0 {
				row += fmt.Sprint(" ", n)
			}
			row += " |"
		}
		if !strings.Contains(string(doc), "\n"+row+"\n") {
			t.Errorf("docs/cost.md has no row %s", row)
		}
	}
}

// A costMailbox is a simulated mailbox that is exported.
type costMailbox struct {
	t       *testing.T
	sim     *simulator.Server
	graph   string
	mailbox string
}

func newCostMailbox(t *testing.T) *costMailbox {
	sim, err := simulator.New(simulator.Options{Seed: 5, Items: 600, ItemSize: 4000})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return &costMailbox{t: t, sim: sim, graph: server.URL + "/v1.0", mailbox: sim.Mailboxes()[0].ID}
}

// change changes n items, after the first from.
func (b *costMailbox) change(from, n int) {
	b.t.Helper()
	i := 0
	for it := range b.sim.Items(b.mailbox) {
		if i++; i > from && i <= from+n {
			if err := b.sim.Touch(b.mailbox, it.ID); err != nil {
				b.t.Fatal(err)
			}
		}
	}
}

// item returns the id of the mailbox's first item.
func (b *costMailbox) item() string {
	for it := range b.sim.Items(b.mailbox) {
		return it.ID
	}
	b.t.Fatal("the mailbox is empty")
	return ""
}

// TestCost counts the calls of each command, as the store sees them.
func TestCost(t *testing.T) {
	b := newCostMailbox(t)
	m := &memoryCost{b, memstore.New(), memstore.New()}
	do := map[string]func(){
		"first export":          m.export,
		"export, nothing new":   m.export,
		"export, 1 % new":       func() { b.change(0, 6); m.export() },
		"export, 1 % new again": func() { b.change(100, 6); m.export() },
		"verify":                m.verify,
		"extract an item":       m.extract,
		"ls":                    m.ls,
		"snapshots":             m.snapshots,
		"copy":                  m.copy,
		"copy, nothing new":     m.copy,
	}
	for _, c := range costs {
		do[c.name]()
		made := add(m.store.Calls(), m.second.Calls())
		t.Logf("%-22s %3d PUT %3d GET %3d HEAD %3d LIST", c.name, made.Put, made.Get, made.Head, made.List)
		if diff := cmp.Diff(c.calls, made); diff != "" {
			t.Errorf("%s: the calls differ from the allowed ones:\n%s", c.name, diff)
		}
	}
}

// TestVerifyReadsOnce expects that a verification reads each object once, however often the list of
// a mailbox's segments was rewritten.
func TestVerifyReadsOnce(t *testing.T) {
	b := newCostMailbox(t)
	m := &memoryCost{b, memstore.New(), memstore.New()}
	for night := range 12 {
		b.change(10*night, 10)
		m.export()
	}
	objects := 0
	for _, err := range m.open().Objects(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		objects++
	}
	m.store.Calls()
	m.verify()
	if diff := cmp.Diff(memstore.Calls{Get: objects, List: 3}, m.store.Calls()); diff != "" {
		t.Errorf("of %d objects:\n%s", objects, diff)
	}
}

func add(a, b memstore.Calls) memstore.Calls {
	return memstore.Calls{Put: a.Put + b.Put, Get: a.Get + b.Get, Head: a.Head + b.Head, List: a.List + b.List}
}

// A memoryCost runs the commands on stores in memory.
type memoryCost struct {
	*costMailbox
	store, second *memstore.Store
}

// create opens the repository as writing commands do.
func (m *memoryCost) create(store *memstore.Store) *repository.Repository {
	m.t.Helper()
	repo, err := repository.Init(m.t.Context(), store.Open())
	if err != nil {
		m.t.Fatal(err)
	}
	return repo
}

// open opens the repository as reading commands do.
func (m *memoryCost) open() *repository.Repository {
	m.t.Helper()
	repo, err := repository.Open(m.t.Context(), m.store.Open())
	if err != nil {
		m.t.Fatal(err)
	}
	return repo
}

func (m *memoryCost) export() {
	m.t.Helper()
	client, err := graph.New(graph.Options{BaseURL: m.graph})
	if err != nil {
		m.t.Fatal(err)
	}
	defer client.Close()
	_, err = pipeline.Run(m.t.Context(), pipeline.Job{
		Source: client.Open(m.mailbox), Repository: m.create(m.store), Mailbox: manifest.Mailbox{ID: m.mailbox}, Graph: manifest.Graph{Version: "v1.0"},
	}, pipeline.Options{})
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *memoryCost) verify() {
	m.t.Helper()
	v, err := restore.Verify(m.t.Context(), m.open(), restore.VerifyOptions{})
	if err != nil || v.Found > 0 {
		m.t.Fatalf("%v, %v", v, err)
	}
}

func (m *memoryCost) latest() (*repository.Repository, *snapshots.Snapshot) {
	m.t.Helper()
	repo := m.open()
	s, err := snapshots.Latest(m.t.Context(), repo, m.mailbox)
	if err != nil {
		m.t.Fatal(err)
	}
	return repo, s
}

func (m *memoryCost) extract() {
	m.t.Helper()
	repo, s := m.latest()
	err := restore.Extract(m.t.Context(), repo, s, m.t.TempDir(), []string{m.item()}, func(restore.Extracted) error { return nil })
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *memoryCost) ls() {
	m.t.Helper()
	_, s := m.latest()
	for _, err := range s.Items(m.t.Context()) {
		if err != nil {
			m.t.Fatal(err)
		}
	}
}

func (m *memoryCost) snapshots() {
	m.t.Helper()
	repo := m.open()
	mailboxes, err := repo.Mailboxes(m.t.Context())
	if err != nil || len(mailboxes) != 1 {
		m.t.Fatal(mailboxes, err)
	}
	refs, err := repo.Refs(m.t.Context(), m.mailbox)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, n := range refs {
		if _, err := snapshots.Load(m.t.Context(), repo, m.mailbox, n); err != nil {
			m.t.Fatal(err)
		}
	}
}

func (m *memoryCost) copy() {
	m.t.Helper()
	r, err := replicate.Copy(m.t.Context(), m.open(), m.create(m.second), replicate.Options{})
	if err != nil || r.Found > 0 {
		m.t.Fatalf("%v, %v", r, err)
	}
}

// TestCostAtStores counts the requests of each command to real stores: drivers add none.
func TestCostAtStores(t *testing.T) {
	for _, s := range killStores[1:] {
		t.Run(s.name, func(t *testing.T) {
			store := s.open(t)
			store.elsewhere()
			from := store.childURL
			store.elsewhere()
			b := newCostMailbox(t)
			export := []string{"export", "--graph-url", b.graph, "--mailbox", b.mailbox, "--repo", from}
			args := map[string][]string{
				"first export":          export,
				"export, nothing new":   export,
				"export, 1 % new":       export,
				"export, 1 % new again": export,
				"verify":                {"verify", "--repo", from},
				"extract an item":       {"extract", "--repo", from, "--mailbox", b.mailbox, "--item", b.item(), "--out", filepath.Join(t.TempDir(), "out")},
				"ls":                    {"ls", "--repo", from, "--mailbox", b.mailbox},
				"snapshots":             {"snapshots", "--repo", from},
				"copy":                  {"copy", "--from", from, "--to", store.childURL},
				"copy, nothing new":     {"copy", "--from", from, "--to", store.childURL},
			}
			changes := map[string]int{"export, 1 % new": 0, "export, 1 % new again": 100}
			store.counted()
			for _, c := range costs {
				if first, ok := changes[c.name]; ok {
					b.change(first, 6)
				}
				cmd := exec.Command(program(t), args[c.name]...)
				cmd.Env = append(cmd.Environ(), store.childEnv...)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%s: %v\n%s", c.name, err, out)
				}
				if diff := cmp.Diff(requests(add(c.calls, c.copy)), store.counted()); diff != "" {
					t.Errorf("%s: the requests differ from the allowed ones:\n%s", c.name, diff)
				}
			}
		})
	}
}

// requests returns calls as a proxy counts them.
func requests(c memstore.Calls) map[string]int {
	all := map[string]int{"put": c.Put, "get": c.Get, "head": c.Head, "list": c.List}
	for op, n := range all {
		if n == 0 {
			delete(all, op)
		}
	}
	return all
}
