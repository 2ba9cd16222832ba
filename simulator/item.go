package simulator

import (
	"math/bits"
	"strings"
	"time"
)

// item is an item's metadata: what a listing shows, made at no great cost.
type item struct {
	box      *mailbox
	folder   *folder
	number   uint64
	version  uint32
	class    string
	size     int64 // about the length of the stream
	reported int64
	created  time.Time
	modified time.Time
	labels   []string
	identity rng // the source of what stays the same when the item changes
	rng      rng // the source of all the rest
}

// item makes the metadata of an item that is there.
func (s *Server) item(m *mailbox, number uint64) (item, bool) {
	c, ok := m.there(number)
	if !ok {
		return item{}, false
	}
	return s.itemOf(m, number, c), true
}

// before returns the item as it was before its latest change, which may have been a second ago.
func (s *Server) before(it item) item {
	c, _ := it.box.there(it.number)
	c.version = it.version - 1
	c.modified = it.modified.Add(-time.Second)
	if c.version == 0 {
		c.modified = time.Time{}
	}
	return s.itemOf(it.box, it.number, c)
}

func (s *Server) itemOf(m *mailbox, number uint64, c change) item {
	t := m.folderTree()
	it := item{box: m, folder: &t.folders[c.folder], number: number, version: c.version, created: c.created, modified: c.modified}
	if it.modified.IsZero() {
		it.modified = t.folders[c.home].settled(number)
	}
	fixed := mixed(m.seed, c.source)
	it.class = messageClass(t.folders[c.home].kind, &fixed)
	it.labels = labels(&fixed)
	it.identity = rng(fixed.next())

	it.rng = mixed(m.seed, c.source, uint64(it.version), 'c')
	it.size = s.itemSize(it.class, &it.rng)
	it.reported = it.size * (960 + it.rng.below(90)) / 1000
	if it.rng.chance(25) {
		it.reported = it.size / 40
	}
	return it
}

func (it *item) changeKey() string {
	return changeKey(it.box, it.number, it.version)
}

// messageClass chooses a class that suits the folder.
func messageClass(folderType string, r *rng) string {
	n := r.below(1000)
	switch {
	case strings.HasPrefix(folderType, "IPF.Appointment"):
		return "IPM.Appointment"
	case strings.HasPrefix(folderType, "IPF.Contact"):
		if n < 60 {
			return "IPM.DistList"
		}
		return "IPM.Contact"
	case folderType == "IPF.Task":
		return "IPM.Task"
	case folderType == "IPF.StickyNote":
		return "IPM.StickyNote"
	case folderType == "IPF.Journal":
		return "IPM.Activity"
	}
	switch {
	case n < 35:
		return "IPM.Schedule.Meeting.Request"
	case n < 55:
		return "IPM.Schedule.Meeting.Resp.Pos"
	case n < 60:
		return "IPM.Schedule.Meeting.Canceled"
	case n < 75:
		return "REPORT.IPM.Note.NDR"
	case n < 80:
		return "REPORT.IPM.Note.IPNRN"
	}
	return "IPM.Note"
}

var labelNames = []string{"Red category", "Customer", "Follow up", "Büro", "Ärger 🔥", "a;b,c", "Project Orion"}

// labels chooses the categories; most items have none.
func labels(r *rng) []string {
	names := []string{}
	if r.chance(120) {
		for range 1 + r.below(2) {
			names = append(names, pick(r, labelNames))
		}
	}
	return names
}

// quantile says that a share of all items, out of 10,000, is at most so many bytes.
type quantile struct {
	share, size int64
}

// mailSizes is close to a log-normal distribution with a heavy tail: half below 20 KB, a mean of some 65 KB.
var mailSizes = []quantile{
	{0, 3_000}, {500, 5_000}, {1000, 6_500}, {2500, 11_000}, {5000, 19_000}, {7500, 36_000}, {9000, 80_000}, {9500, 150_000},
	{9800, 380_000}, {9900, 750_000}, {9950, 1_500_000}, {9990, 5_000_000}, {9999, 18_000_000}, {10_000, 50_000_000},
}

// itemSize chooses about how long the stream is.
func (s *Server) itemSize(class string, r *rng) int64 {
	if s.opts.ItemSize > 0 {
		return s.opts.ItemSize
	}
	if s.opts.MinItemSize > 0 {
		return doublingSize(s.opts.MinItemSize, s.opts.MaxItemSize, r)
	}
	at := r.below(10_000 * 1000)
	size := mailSizes[len(mailSizes)-1].size
	for i := 1; i < len(mailSizes); i++ {
		low, high := mailSizes[i-1], mailSizes[i]
		if at < high.share*1000 {
			size = low.size + (high.size-low.size)*(at-low.share*1000)/((high.share-low.share)*1000)
			break
		}
	}
	if !strings.HasPrefix(class, "IPM.Note") {
		size = max(3_000, size/4)
	}
	return min(size, s.opts.MaxItemSize)
}

// doublingSize draws one of the doublings between two sizes, and a size in it.
func doublingSize(least, most int64, r *rng) int64 {
	doublings := int64(max(1, bits.Len64(uint64((most-1)/least))))
	low := least << r.below(doublings)
	return low + r.below(min(low, most-low+1))
}
