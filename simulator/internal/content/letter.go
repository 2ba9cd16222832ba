package content

import (
	"strings"
	"time"

	"github.com/mailhaul/mailhaul/simulator/internal/rng"
)

// letter is a message, or one that is attached, with all its parts decided.
type letter struct {
	class       string
	subject     string
	from        correspondent
	to          []correspondent
	categories  []string
	external    bool // it came from outside and has transport headers
	created     time.Time
	size        int64 // in the stream, about
	depth       int   // the number of messages that it is nested in
	attachments []attachment
	html        bool
	body        int64 // bytes of the body
	identity    rng.Rand
	rng         rng.Rand
}

// The approximate sizes of the parts of a message, in bytes of its stream.
const (
	messageOverhead    = 1700
	recipientOverhead  = 420
	attachmentOverhead = 520
	headersOverhead    = 2600
)

// letterOf decides the parts of an item's message.
func (c *composer) letterOf(m *Message) letter {
	l := c.letter(m.rest, m.Class, m.size, m.Created, 0)
	l.categories, l.identity = m.Categories, m.identity
	return l
}

// letter decides the parts of a message of about size bytes.
func (c *composer) letter(r rng.Rand, class string, size int64, created time.Time, depth int) letter {
	l := letter{class: class, size: size, created: created, depth: depth}
	l.subject, l.from = c.vocabulary.title(&r), someone(&r)
	most := min(4, max(1, (size-messageOverhead)/2/recipientOverhead))
	if r.Chance(30) && size > 60_000 {
		most = 60
	}
	if !strings.HasPrefix(class, "IPM.Contact") && !strings.HasPrefix(class, "IPM.StickyNote") {
		for range 1 + r.Below(most) {
			l.to = append(l.to, someone(&r))
		}
	}
	left := size - messageOverhead - int64(len(l.to))*recipientOverhead
	if left > 5000 && r.Chance(750) && (class == "IPM.Note" || strings.HasPrefix(class, "IPM.Schedule")) {
		l.external = true
		left -= headersOverhead
	}
	l.html = !r.Chance(250) || left > 60_000
	l.body = max(left, 60)
	if left > 6000 && (left > 200_000 || r.Chance(550)) {
		l.body = min(left/4, 3000+r.Below(24_000))
		l.attachments = c.attachments(&r, left-l.body, depth)
	}
	l.rng, l.identity = r, rng.New(uint64(r), 'n')
	return l
}
