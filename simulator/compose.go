package simulator

import (
	"io"
	"strings"
	"time"

	"github.com/mailhaul/mailhaul/fasttransfer"
)

// letter is a message to write, as an item or inside an attachment.
type letter struct {
	class   string
	subject string
	from    correspondent
	to      []correspondent
	labels  []string
	outside bool // it was received from outside, with transport headers
	created time.Time
	size    int64 // what the message should take in the stream, about
	depth   int   // how many messages it lies in
	parts   []attachment
	html    bool
	body    int64 // bytes that the body takes
	own     rng   // for what identifies the message
	rng     rng
}

// Rough sizes, in bytes of the stream, of what every message or part has.
const (
	messageOverhead    = 1700
	recipientOverhead  = 420
	attachmentOverhead = 520
	headersOverhead    = 2600
)

// composer writes letters to a stream.
type composer struct {
	w          *fasttransfer.Writer
	vocabulary *vocabulary
}

// compose writes the stream of an item.
func (s *Server) compose(dst io.Writer, it item) error {
	c := &composer{w: fasttransfer.NewWriter(dst), vocabulary: s.vocabulary}
	l := c.itemLetter(&it)
	c.message(&l)
	return c.w.Close()
}

// itemLetter is the letter that an item is.
func (c *composer) itemLetter(it *item) letter {
	l := c.letter(it.rng, it.class, it.size, it.created, 0)
	l.labels, l.own = it.labels, it.identity
	return l
}

// letter decides what a message holds.
func (c *composer) letter(r rng, class string, size int64, created time.Time, depth int) letter {
	l := letter{class: class, size: size, created: created, depth: depth}
	l.subject, l.from = c.vocabulary.title(&r), someone(&r)
	most := min(4, max(1, (size-messageOverhead)/2/recipientOverhead))
	if r.chance(30) && size > 60_000 {
		most = 60
	}
	if !strings.HasPrefix(class, "IPM.Contact") && !strings.HasPrefix(class, "IPM.StickyNote") {
		for range 1 + r.below(most) {
			l.to = append(l.to, someone(&r))
		}
	}
	left := size - messageOverhead - int64(len(l.to))*recipientOverhead
	if left > 5000 && r.chance(750) && (class == "IPM.Note" || strings.HasPrefix(class, "IPM.Schedule")) {
		l.outside = true
		left -= headersOverhead
	}
	l.html = !r.chance(250) || left > 60_000
	l.body = max(left, 60)
	if left > 6000 && (left > 200_000 || r.chance(550)) {
		l.body = min(left/4, 3000+r.below(24_000))
		l.parts = c.attachments(&r, left-l.body, depth)
	}
	l.rng, l.own = r, mixed(uint64(r), 'n')
	return l
}

// message writes a whole message: its properties with ascending ids, the recipients, the attachments.
func (c *composer) message(l *letter) {
	c.envelope(stream{c.w}, l)
	c.content(l)
	c.identity(stream{c.w}, l)
	c.named(l)
	if len(l.to) > 0 {
		if l.depth == 0 {
			c.w.ClearRecipients()
		}
		for i, p := range l.to {
			c.recipient(i, p)
		}
	}
	if len(l.parts) > 0 && l.depth == 0 {
		c.w.ClearAttachments()
	}
	for i, p := range l.parts {
		c.attachment(int32(i), p, l)
	}
}

// content writes the body in one form, as the service sends it in the one it was written in.
func (c *composer) content(l *letter) {
	text := &prose{vocabulary: c.vocabulary, rng: l.rng, html: l.html}
	if !l.html {
		b := make([]byte, l.body/2)
		_, _ = text.Read(b)
		c.w.String(fasttransfer.ID(0x1000), strings.ToValidUTF8(string(b), ""))
		return
	}
	const open = "<html><head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n" +
		"<style>p.MsoNormal {margin:0cm; font-size:11.0pt; font-family:\"Aptos\",sans-serif;}</style></head>\r\n" +
		"<body lang=\"EN-GB\"><div class=\"WordSection1\"><p class=\"MsoNormal\">"
	const end = "</p></div></body></html>\r\n"
	n := max(0, l.body-int64(len(open)+len(end)))
	whole := io.MultiReader(strings.NewReader(open), io.LimitReader(text, n), strings.NewReader(end))
	c.w.BinaryFrom(fasttransfer.ID(0x1013), whole, int64(len(open)+len(end))+n)
}

// recipient writes one row of the recipients.
func (c *composer) recipient(row int, p correspondent) {
	kind := int32(1)
	if row > 2 {
		kind = 2
	}
	id := fasttransfer.ID
	c.w.StartRecipient()
	c.w.Int32(id(0x0C15), kind)
	c.w.Int32(id(0x0FFE), 6)
	c.w.Binary(id(0x0FFF), entryID(p))
	c.w.Int32(id(0x3000), int32(row))
	c.w.String(id(0x3001), p.display)
	c.w.String(id(0x3002), "SMTP")
	c.w.String(id(0x3003), p.address)
	c.w.Binary(id(0x300B), []byte("SMTP:"+strings.ToUpper(p.address)+"\x00"))
	c.w.Int32(id(0x3900), 0)
	c.w.String(id(0x39FE), p.address)
	c.w.EndRecipient()
}

// oneOff is the provider of entry ids for addresses outside the directory ([MS-OXCDATA] 2.2.5.1).
const oneOff = "\x00\x00\x00\x00\x81\x2B\x1F\xA4\xBE\xA3\x10\x19\x9D\x6E\x00\xDD\x01\x0F\x54\x02\x00\x00\x01\x90"

// entryID is a one-off entry id of a correspondent.
func entryID(p correspondent) []byte {
	b := []byte(oneOff)
	for _, s := range []string{p.display, "SMTP", p.address} {
		for _, r := range s {
			b = append(b, byte(r), byte(r>>8))
		}
		b = append(b, 0, 0)
	}
	return b
}
