package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/simulator"
)

// A simulation is a simulated Graph with a client of one of its mailboxes.
type simulation struct {
	t       *testing.T
	sim     *simulator.Server
	client  *graph.Client
	box     *graph.MailboxClient
	mailbox simulator.Mailbox
	url     string
}

func newSimulation(t *testing.T, version string, opts simulator.Options) *simulation {
	t.Helper()
	if opts.MaxItemSize == 0 {
		opts.MaxItemSize = 12 << 10
	}
	sim, err := simulator.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	c := newClientAt(t, graph.Options{BaseURL: server.URL + "/" + version, PageSize: 100, Budget: -1})
	m := sim.Mailboxes()[0]
	return &simulation{t: t, sim: sim, client: c, box: c.Open(m.ID), mailbox: m, url: server.URL}
}

// listed lists the mailbox.
func (w *simulation) listed() (folders []graph.Folder, items map[string]graph.Item) {
	w.t.Helper()
	folders, err := w.box.Folders(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	items = map[string]graph.Item{}
	for _, f := range folders {
		for it, err := range w.box.AllItems(w.t.Context(), f.ID) {
			if err != nil {
				w.t.Fatal(err)
			}
			items[it.ID] = it
		}
	}
	return folders, items
}

// contents returns the items of a simulated mailbox by id.
func (w *simulation) contents(mailboxID string) map[string]simulator.Item {
	all := map[string]simulator.Item{}
	for it := range w.sim.Items(mailboxID) {
		all[it.ID] = it
	}
	return all
}

// export exports items as a run does, four batches at a time, and those that fail for now
// again. It holds that each comes as it is.
func (w *simulation) export(mailboxID string, ids []string) {
	w.t.Helper()
	for range 5 {
		all := &streams{simulation: w, mailbox: mailboxID}
		var g errgroup.Group
		g.SetLimit(4)
		for batch := range slices.Chunk(ids, 20) {
			g.Go(func() error { return all.export(batch) })
		}
		if err := g.Wait(); err != nil {
			w.t.Fatal(err)
		}
		if ids = all.again; len(ids) == 0 {
			return
		}
	}
	w.t.Errorf("%d items fail again and again", len(ids))
}

// export exports a batch, and keeps which items failed for now.
func (s *streams) export(batch []string) error {
	one := &streams{simulation: s.simulation, mailbox: s.mailbox}
	err := s.box.Export(s.t.Context(), batch, one)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.again = append(s.again, one.again...)
	return err
}

// A streams is an ExportHandler that compares streams with the simulated mailbox.
type streams struct {
	*simulation
	mailbox string
	data    bytes.Buffer

	mu    sync.Mutex
	again []string // items that failed for now
}

func (s *streams) Room(n int) []byte   { s.data.Grow(n); return s.data.AvailableBuffer()[:n] }
func (s *streams) Data(p []byte) error { _, err := s.data.Write(p); return err }
func (s *streams) Discard()            { s.data.Reset() }

func (s *streams) Exported(id, _ string) error {
	defer s.data.Reset()
	var want bytes.Buffer
	if err := s.sim.WriteItem(&want, s.mailbox, id); err != nil {
		return err
	}
	if !bytes.Equal(want.Bytes(), s.data.Bytes()) {
		s.t.Errorf("item %s came as %d bytes, it has %d", id, s.data.Len(), want.Len())
	}
	return nil
}

func (s *streams) Failed(id string, e graph.ItemError) error {
	if e.Temporary {
		s.again = append(s.again, id)
		return nil
	}
	s.t.Errorf("item %s failed: %+v", id, e)
	return nil
}

func (s *streams) Gone(id string) error {
	s.t.Errorf("item %s is gone", id)
	return nil
}

// TestSimulatedMailbox lists and exports a mailbox, without faults and with all kinds of faults.
func TestSimulatedMailbox(t *testing.T) {
	for name, chaos := range map[string]simulator.Chaos{"healthy": {}, "chaos": {Rate: 40, Seed: rand.Uint64()}} {
		t.Run(name, func(t *testing.T) {
			t.Logf("seed %d", chaos.Seed)
			w := newSimulation(t, "v1.0", simulator.Options{Items: 300, Chaos: chaos, RetryAfter: -1, Concurrency: -1})
			folders, items := w.listed()
			there := w.contents(w.mailbox.ID)
			if len(items) != len(there) {
				t.Errorf("listed %d of %d items", len(items), len(there))
			}
			subjects, ids := 0, []string{}
			for id, it := range items {
				if it.ChangeKey != there[id].ChangeKey || it.Type != there[id].Type || it.Size != there[id].Size {
					t.Errorf("listed %+v, there is %+v", it, there[id])
				}
				if it.Properties.Subject != "" && len(it.Properties.SearchKey) > 0 {
					subjects++
				}
				ids = append(ids, id)
			}
			if subjects < len(items)*9/10 {
				t.Errorf("%d of %d items have a subject", subjects, len(items))
			}
			w.checkFolders(folders)
			w.export(w.mailbox.ID, ids)
			t.Logf("%+v", w.box.Stats())
			if stats := w.box.Stats(); name == "healthy" && (stats.Retries > 0 || stats.Throttled > 0) {
				t.Errorf("got %+v", stats)
			}
		})
	}
}

// checkFolders compares folders with those of the simulated mailbox.
func (w *simulation) checkFolders(folders []graph.Folder) {
	w.t.Helper()
	type key struct {
		id, name string
		hidden   bool
		items    int
	}
	want, got := map[key]bool{}, map[key]bool{}
	searches := map[string]bool{}
	for _, f := range w.sim.Folders(w.mailbox.ID) {
		if searches[f.ID] = f.Search || searches[f.ParentID] || f.WellKnownName == "searchfolders"; !searches[f.ID] && f.ParentID != "" {
			want[key{f.ID, f.DisplayName, f.Hidden, f.Items}] = true
		}
	}
	for _, f := range folders {
		got[key{f.ID, f.DisplayName, f.Hidden, f.TotalItemCount}] = true
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(key{})); diff != "" {
		w.t.Errorf("folders (-want +got):\n%s", diff)
	}
}

// TestSimulatedConcurrency checks that nearly no request is refused when more goroutines export
// than the mailbox accepts requests.
func TestSimulatedConcurrency(t *testing.T) {
	for _, opts := range []simulator.Options{{Concurrency: 4}, {Concurrency: 2, BusyAs503: true, RetryAfter: -1}} {
		opts.Items = 120
		w := newSimulation(t, "v1.0", opts)
		_, items := w.listed()
		var wg sync.WaitGroup
		for id := range items {
			wg.Go(func() { w.export(w.mailbox.ID, []string{id}) })
		}
		wg.Wait()
		if s := w.box.Stats(); s.Throttled*50 > s.Requests {
			t.Errorf("concurrency %d: %+v", opts.Concurrency, s)
		}
	}
}

// TestSimulatedArchive lists and exports an archive with auxiliary mailboxes.
func TestSimulatedArchive(t *testing.T) {
	w := newSimulation(t, "beta", simulator.Options{Items: 800, Archives: true, Auxiliaries: 2, Concurrency: -1})
	found, err := w.client.Mailboxes(t.Context(), w.mailbox.User, true)
	if err != nil || len(found) != 2 || found[1].ID != w.mailbox.ArchiveID {
		t.Fatalf("found %+v, %v", found, err)
	}
	archive := found[1].ID
	w.box = w.client.Open(archive)
	folders, items := w.listed()
	if there := w.contents(archive); len(items) != len(there) {
		t.Errorf("listed %d of %d items", len(items), len(there))
	}
	lives := map[string]string{}
	for _, f := range w.sim.Folders(archive) {
		lives[f.ID] = f.MailboxID
	}
	auxiliaries := map[string]bool{}
	for _, f := range folders {
		if at := f.Mailbox; at != "" && at != lives[f.ID] || at == "" && lives[f.ID] != archive {
			t.Errorf("folder %q lives in %s, not %s", f.Path, lives[f.ID], at)
		}
		if f.Mailbox != "" {
			auxiliaries[f.Mailbox] = true
		}
	}
	if len(auxiliaries) == 0 {
		t.Error("no folder lives in an auxiliary mailbox")
	}
	var ids []string
	for id := range items {
		ids = append(ids, id)
	}
	w.export(archive, ids)
	for _, id := range w.box.Auxiliaries() {
		delete(auxiliaries, id)
	}
	if len(auxiliaries) > 0 {
		t.Errorf("Auxiliaries lacks %v", auxiliaries)
	}
	_, err = changed(t, w.box.Delta(t.Context(), folders[0].ID, ""))
	if !errors.Is(err, graph.ErrNoDelta) {
		t.Errorf("got %v", err)
	}
	if _, err := w.box.FolderDelta(t.Context()); err != nil {
		t.Errorf("folders of the archive: %v", err)
	}
}

// A follower knows a mailbox by its delta queries alone.
type follower struct {
	*simulation
	folders map[string]bool
	links   map[string]string
	items   map[string]map[string]bool // by folder
	resyncs int
}

// follow applies the changes. After a resync it lists everything.
func (f *follower) follow() {
	f.t.Helper()
	folders, err := f.box.FolderDelta(f.t.Context())
	if errors.Is(err, graph.ErrResync) {
		f.resyncs++
		f.follow()
		return
	}
	if err != nil {
		f.t.Fatal(err)
	}
	f.folders = map[string]bool{}
	for i := range folders {
		f.folders[folders[i].ID] = true
	}
	for id := range f.folders {
		f.followFolder(id)
	}
}

func (f *follower) followFolder(id string) {
	f.t.Helper()
	for {
		if f.links[id] == "" {
			f.items[id] = map[string]bool{}
		}
		c := f.box.Delta(f.t.Context(), id, f.links[id])
		var err error
		for change, e := range c.All() {
			switch {
			case e != nil:
				err = e
			case change.Removed != "":
				delete(f.items[id], change.ID)
			default:
				f.items[id][change.ID] = true
			}
		}
		switch {
		case errors.Is(err, graph.ErrResync):
			f.links[id], f.resyncs = "", f.resyncs+1
			continue
		case errors.Is(err, graph.ErrFolderGone):
			delete(f.folders, id)
		case err != nil:
			f.t.Fatal(err)
		}
		f.links[id] = c.Link()
		return
	}
}

// TestSimulatedDelta follows a mailbox that changes, while requests fail, tokens expire, and
// entries are repeated and reversed.
func TestSimulatedDelta(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := newSimulation(t, "v1.0", simulator.Options{Items: 300, Seed: seed, Concurrency: -1, RetryAfter: -1,
		Chaos: simulator.Chaos{Rates: map[string]int{"throttle": 20, "unavailable": 20, "fail": 20, "cut": 20, "reset": 20, "repeat": 50, "empty": 50, "expire": 20}}})
	r := rand.New(rand.NewPCG(seed, 0))
	f := &follower{simulation: w, folders: map[string]bool{}, links: map[string]string{}, items: map[string]map[string]bool{}}
	for range 12 {
		f.follow()
		f.check()
		for range 5 {
			if _, err := w.sim.Step(w.mailbox.ID, r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if f.resyncs == 0 {
		t.Error("no token expired")
	}
}

func (f *follower) check() {
	f.t.Helper()
	want, got := map[string]bool{}, map[string]bool{}
	for id, it := range f.contents(f.mailbox.ID) {
		want[it.FolderID+" "+id] = true
	}
	searches := map[string]bool{}
	for _, folder := range f.sim.Folders(f.mailbox.ID) {
		searches[folder.ID] = folder.Search
	}
	for folder := range f.folders {
		for id := range f.items[folder] {
			if !searches[folder] {
				got[folder+" "+id] = true
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		f.t.Fatalf("items (-want +got):\n%s", diff)
	}
}

// TestSimulatedSince checks that items modified after a time include all of its second.
func TestSimulatedSince(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	w := newSimulation(t, "v1.0", simulator.Options{Items: 200, Concurrency: -1, Now: func() time.Time { return now }})
	inbox, err := w.box.Folder(t.Context(), "inbox")
	if err != nil {
		t.Fatal(err)
	}
	var added []string
	for i := range 5 {
		now = now.Add(300 * time.Millisecond)
		id, err := w.sim.Add(w.mailbox.ID, inbox.ID)
		if err != nil {
			t.Fatal(fmt.Errorf("add item %d: %w", i, err))
		}
		added = append(added, id)
	}
	var last time.Time
	for it, err := range graph.Flat(w.box.ItemsSince(t.Context(), inbox.ID, time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))) {
		if err != nil || !slices.Contains(added, it.ID) {
			t.Errorf("listed %s, %v", it.ID, err)
		}
		if it.LastModifiedDateTime.After(last) {
			last = it.LastModifiedDateTime
		}
	}
	again := itemIDs(t, graph.Flat(w.box.ItemsSince(t.Context(), inbox.ID, last)))
	if len(again) == 0 || !slices.Contains(again, added[4]) {
		t.Errorf("since %v: %q, without the last of %q", last, again, added)
	}
}

// A login is a credential of the simulated token endpoint.
type login struct{ url string }

func (l *login) GetToken(ctx context.Context, _ policy.TokenRequestOptions) (azcore.AccessToken, error) {
	resp, err := http.PostForm(l.url+"/contoso/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"c"}, "client_secret": {"s"}, "scope": {"https://graph.microsoft.com/.default"},
	})
	if err != nil {
		return azcore.AccessToken{}, err
	}
	defer resp.Body.Close()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	err = json.NewDecoder(resp.Body).Decode(&token)
	return azcore.AccessToken{Token: token.AccessToken, ExpiresOn: time.Now().Add(time.Hour)}, err
}

// TestSimulatedToken lists and exports a mailbox while tokens are revoked early.
func TestSimulatedToken(t *testing.T) {
	w := newSimulation(t, "v1.0", simulator.Options{Items: 200, RequireToken: true, Concurrency: -1})
	_, err := w.box.Folders(t.Context())
	graphError(t, err, 401, "")

	revoked := w.sim.Inject(simulator.Fault{Every: 13, Times: -1, Before: w.sim.RevokeTokens})
	w.client = newClientAt(t, graph.Options{BaseURL: w.url + "/v1.0", Credential: &login{w.url}, PageSize: 50})
	w.box = w.client.Open(w.mailbox.ID)
	_, items := w.listed()
	w.export(w.mailbox.ID, slices.Collect(maps.Keys(items)))
	if len(items) != len(w.contents(w.mailbox.ID)) || revoked.Hits() < 5 {
		t.Errorf("listed %d items while tokens were revoked %d times", len(items), revoked.Hits())
	}
}

// TestShortFolderList checks that a list of children with fewer than Graph's count is requested
// again.
func TestShortFolderList(t *testing.T) {
	w := newSimulation(t, "v1.0", simulator.Options{Items: 10})
	want, err := w.box.Folders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var short []*simulator.Injection
	for _, f := range want {
		if f.ChildFolderCount > 0 {
			short = append(short, w.sim.Inject(simulator.Fault{Operation: simulator.OpFolders, Folder: f.ID, Omit: 2}))
		}
	}
	got, err := w.box.Folders(t.Context())
	if err != nil || len(short) < 5 || short[0].Hits() != 1 {
		t.Fatalf("%d lists should have been short, %v", len(short), err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("folders differ:\n%s", diff)
	}
}

// TestByteOrderMarks checks that a byte order mark before a list, an export or an error is skipped.
func TestByteOrderMarks(t *testing.T) {
	w := newSimulation(t, "v1.0", simulator.Options{Items: 60})
	w.sim.Inject(simulator.Fault{Times: -1, ByteOrderMark: true})
	found, err := w.client.Mailboxes(t.Context(), w.mailbox.User, false)
	if err != nil || len(found) != 1 {
		t.Errorf("found %v, %v", found, err)
	}
	_, items := w.listed()
	if len(items) == 0 {
		t.Fatal("nothing was listed")
	}
	for id := range items {
		v := &oneResult{of: map[string]int{}}
		if err := w.box.Export(t.Context(), []string{id}, v); err != nil || v.of[id] != 1 || v.failed > 0 {
			t.Errorf("exported %v, %v", v.of, err)
		}
		break
	}
	_, err = w.box.Folder(t.Context(), "none")
	var e *graph.Error
	if !errors.As(err, &e) || e.Code == "" {
		t.Errorf("got %v", err)
	}
}
