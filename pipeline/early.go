package pipeline

import "time"

const (
	// earlyPages is after how many pages a run commits its first partial snapshot, however
	// little time has passed. The next ones come when the pages have doubled: runs that are
	// killed after a while make progress, and long ones commit a few times more.
	earlyPages = 50

	// maxHurry is how long frames and packs are stored before they are full, so that pages are
	// covered: some item of the oldest may take longer.
	maxHurry = 10 * time.Second
)

// earlyCommits decide on partial snapshots by the pages that were listed.
type earlyCommits struct {
	listed  int64 // pages, at the last commit
	covered int64 // of these
	since   time.Time
}

// begin starts over after a commit.
func (e *earlyCommits) begin(r *run) {
	*e = earlyCommits{listed: r.pages.Load(), covered: r.covered.Load()}
	r.hurried.Store(false)
}

// due reports whether enough pages were covered since the last commit. When enough were listed,
// it has the items of these stored.
func (e *earlyCommits) due(r *run) bool {
	enough := max(earlyPages, e.covered)
	if r.pages.Load()-e.listed < enough {
		return false
	}
	if r.covered.Load()-e.covered >= enough/2 {
		return true
	}
	switch {
	case e.since.IsZero():
		e.since = time.Now()
		r.hurried.Store(true)
	case time.Since(e.since) > maxHurry:
		e.listed, e.since = r.pages.Load(), time.Time{}
		r.hurried.Store(false)
	}
	return false
}
