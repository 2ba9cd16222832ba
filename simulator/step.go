package simulator

import (
	"fmt"
	"math/rand/v2"
	"sync"
)

// stepper makes random changes to one mailbox while it is being read.
type stepper struct {
	mu       sync.Mutex
	rand     *rand.Rand
	requests int
}

// tick counts a request, and makes a change if it is time for one.
func (s *Server) tick(m *mailbox) {
	if s.opts.ChangeEvery == 0 {
		return
	}
	m.steps.mu.Lock()
	defer m.steps.mu.Unlock()
	if m.steps.rand == nil {
		m.steps.rand = rand.New(rand.NewPCG(s.opts.Seed, uint64(m.index)))
	}
	if m.steps.requests++; m.steps.requests%s.opts.ChangeEvery == 0 {
		s.opts.Logger.Debug("change", "mailbox", m.id, "what", s.step(m, m.steps.rand))
	}
}

// Step makes one random change, which may be of several items at once, to a mailbox, and tells what it was. The same r
// on the same mailbox does the same.
func (s *Server) Step(mailboxID string, r *rand.Rand) (string, error) {
	m := s.mailbox(mailboxID)
	if m == nil {
		return "", fmt.Errorf("simulator: no mailbox %q", mailboxID)
	}
	return s.step(m, r), nil
}

// deed is something that happens to a mailbox; it returns "" if it could not be done.
type deed struct {
	share int
	do    func(*Server, *mailbox, *rand.Rand) string
}

var deeds = []deed{
	{25, (*Server).touchSome}, {22, (*Server).addSome}, {15, (*Server).deleteSome}, {15, (*Server).moveSome},
	{7, (*Server).createOne}, {5, (*Server).renameOne}, {5, (*Server).relocateOne}, {3, (*Server).deleteOne}, {3, (*Server).fillNew},
}

func (s *Server) step(m *mailbox, r *rand.Rand) string {
	for {
		n := r.IntN(100)
		for _, d := range deeds {
			if n -= d.share; n >= 0 {
				continue
			}
			if what := d.do(s, m, r); what != "" {
				return what
			}
			break
		}
	}
}

// several is how many items a change is of: mostly one, now and then more than a page.
func several(r *rand.Rand) int {
	switch n := r.IntN(20); {
	case n < 14:
		return 1
	case n < 19:
		return 2 + r.IntN(4)
	}
	return 10 + r.IntN(20)
}

// someItem chooses an item that is there.
func (m *mailbox) someItem(r *rand.Rand) (number uint64, from *folder, ok bool) {
	t := m.folderTree()
	var views []*view
	total := 0
	for i := range t.folders {
		if f := &t.folders[i]; !f.gone && !f.search {
			v := m.view(f, byCreation)
			views, total = append(views, v), total+v.len()
		}
	}
	if total == 0 {
		return 0, nil, false
	}
	at := r.IntN(total)
	for _, v := range views {
		if at < v.len() {
			return v.number(at), v.folder, true
		}
		at -= v.len()
	}
	return 0, nil, false
}

// someFolder chooses a folder that ok allows.
func (m *mailbox) someFolder(r *rand.Rand, ok func(t *tree, i int) bool) (*folder, bool) {
	t := m.folderTree()
	var fit []int
	for i := range t.folders {
		if !t.folders[i].gone && ok(t, i) {
			fit = append(fit, i)
		}
	}
	if len(fit) == 0 {
		return nil, false
	}
	return &t.folders[fit[r.IntN(len(fit))]], true
}

func takesItems(t *tree, i int) bool {
	f := &t.folders[i]
	return f.parent >= 0 && !f.search && f.wellKnown != "searchfolders"
}

func takesFolders(t *tree, i int) bool { return t.holder(i) == nil }

func mayMove(t *tree, i int) bool { return t.movable(i) == nil }

func (s *Server) touchSome(m *mailbox, r *rand.Rand) string {
	return s.each(m, r, "touched", func(number uint64, _ *folder) error { return m.touch(number, s.now()) })
}

func (s *Server) deleteSome(m *mailbox, r *rand.Rand) string {
	return s.each(m, r, "deleted", func(number uint64, _ *folder) error { return m.delete(number) })
}

func (s *Server) moveSome(m *mailbox, r *rand.Rand) string {
	to, ok := m.someFolder(r, takesItems)
	if !ok {
		return ""
	}
	return s.each(m, r, "moved to "+to.name, func(number uint64, from *folder) error {
		if from.index == to.index {
			return nil
		}
		_, err := m.move(number, to.index, s.now())
		return err
	})
}

// each does something to one or more items.
func (s *Server) each(m *mailbox, r *rand.Rand, what string, do func(number uint64, in *folder) error) string {
	n := 0
	for range several(r) {
		number, f, ok := m.someItem(r)
		if ok && do(number, f) == nil {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d items %s", n, what)
}

func (s *Server) addSome(m *mailbox, r *rand.Rand) string {
	f, ok := m.someFolder(r, takesItems)
	if !ok {
		return ""
	}
	n := several(r)
	for range n {
		if _, err := m.add(f.index, s.now()); err != nil {
			return ""
		}
	}
	return fmt.Sprintf("%d items added to %s", n, f.name)
}

// newNames are what new folders are called; they need not be different.
var newNames = []string{"New Folder", "new folder", "Clients/2026", "Ünïcode ✓", "..", "", "AUX", "Q3", "Holiday photos "}

// mostNew is how many folders a mailbox may get at random.
const mostNew = 100

func (s *Server) createOne(m *mailbox, r *rand.Rand) string {
	parent, ok := m.someFolder(r, takesFolders)
	if !ok || m.newFolders() >= mostNew {
		return ""
	}
	name := newNames[r.IntN(len(newNames))]
	if _, err := m.createFolder(parent.index, name, orDefault(parent.kind, "IPF.Note")); err != nil {
		return ""
	}
	return fmt.Sprintf("folder %q created in %s", name, parent.name)
}

// newFolders is the number of folders that are there and have nothing of the seed's.
func (m *mailbox) newFolders() int {
	t := m.folderTree()
	n := 0
	for i := range t.folders {
		if f := &t.folders[i]; !f.gone && f.created {
			n++
		}
	}
	return n
}

// fillNew adds items to a folder that was made at random.
func (s *Server) fillNew(m *mailbox, r *rand.Rand) string {
	f, ok := m.someFolder(r, func(t *tree, i int) bool { return t.folders[i].created })
	if !ok {
		return ""
	}
	n := 1 + r.IntN(30)
	for range n {
		if _, err := m.add(f.index, s.now()); err != nil {
			return ""
		}
	}
	return fmt.Sprintf("%d items added to new %s", n, f.name)
}

func (s *Server) renameOne(m *mailbox, r *rand.Rand) string {
	f, ok := m.someFolder(r, mayMove)
	name := newNames[r.IntN(len(newNames))]
	if !ok || m.renameFolder(f.index, name) != nil {
		return ""
	}
	return fmt.Sprintf("folder %s renamed %q", f.name, name)
}

func (s *Server) relocateOne(m *mailbox, r *rand.Rand) string {
	f, ok := m.someFolder(r, mayMove)
	to, found := m.someFolder(r, takesFolders)
	if !ok || !found || m.moveFolder(f.index, to.index) != nil {
		return ""
	}
	return fmt.Sprintf("folder %s moved to %s", f.name, to.name)
}

// deleteOne deletes a folder, unless much of the mailbox lies in it.
func (s *Server) deleteOne(m *mailbox, r *rand.Rand) string {
	f, ok := m.someFolder(r, mayMove)
	if !ok {
		return ""
	}
	t := m.folderTree()
	n := 0
	for _, i := range t.below(f.index) {
		n += m.view(&t.folders[i], byCreation).len()
	}
	if uint64(n) > 20+m.count/20 || m.deleteFolder(f.index) != nil {
		return ""
	}
	return fmt.Sprintf("folder %s deleted with %d items", f.name, n)
}
