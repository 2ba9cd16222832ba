package content

import (
	"io"
	"strings"

	"github.com/mailhaul/mailhaul/fasttransfer"
)

// composer writes letters to a stream.
type composer struct {
	w          *fasttransfer.Writer
	vocabulary *vocabulary
}

// Write writes the message's FastTransfer stream.
func (g *Generator) Write(dst io.Writer, m *Message) error {
	c := &composer{w: fasttransfer.NewWriter(dst), vocabulary: g.vocabulary}
	l := c.letterOf(m)
	c.message(&l)
	return c.w.Close()
}

// message writes the properties in the order of their ids, then the recipients, then the
// attachments.
func (c *composer) message(l *letter) {
	c.envelope(streamWriter{c.w}, l)
	c.body(l)
	c.identity(streamWriter{c.w}, l)
	c.named(l)
	if len(l.to) > 0 {
		if l.depth == 0 {
			c.w.ClearRecipients()
		}
		for i, p := range l.to {
			c.recipient(i, p)
		}
	}
	if len(l.attachments) > 0 && l.depth == 0 {
		c.w.ClearAttachments()
	}
	for i, p := range l.attachments {
		c.attachment(int32(i), p, l)
	}
}

// body writes the body as HTML or as plain text; the service sends only the form in which a message
// was written.
func (c *composer) body(l *letter) {
	words := &prose{vocabulary: c.vocabulary, rng: l.rng, html: l.html}
	if !l.html {
		b := make([]byte, l.body/2)
		_, _ = words.Read(b)
		c.w.String(fasttransfer.ID(0x1000), strings.ToValidUTF8(string(b), "")) // PidTagBody
		return
	}
	const open = "<html><head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n" +
		"<style>p.MsoNormal {margin:0cm; font-size:11.0pt; font-family:\"Aptos\",sans-serif;}</style></head>\r\n" +
		"<body lang=\"EN-GB\"><div class=\"WordSection1\"><p class=\"MsoNormal\">"
	const end = "</p></div></body></html>\r\n"
	n := max(0, l.body-int64(len(open)+len(end)))
	html := io.MultiReader(strings.NewReader(open), io.LimitReader(words, n), strings.NewReader(end))
	c.w.BinaryFrom(fasttransfer.ID(0x1013), html, int64(len(open)+len(end))+n) // PidTagHtml
}

// recipient writes one recipient.
func (c *composer) recipient(row int, p correspondent) {
	kind := int32(1) // to
	if row > 2 {
		kind = 2 // cc
	}
	id := fasttransfer.ID
	c.w.StartRecipient()
	c.w.Int32(id(0x0C15), kind)                                               // PidTagRecipientType
	c.w.Int32(id(0x0FFE), 6)                                                  // PidTagObjectType: mail user
	c.w.Binary(id(0x0FFF), entryID(p))                                        // PidTagEntryId
	c.w.Int32(id(0x3000), int32(row))                                         // PidTagRowid
	c.w.String(id(0x3001), p.display)                                         // PidTagDisplayName
	c.w.String(id(0x3002), "SMTP")                                            // PidTagAddressType
	c.w.String(id(0x3003), p.address)                                         // PidTagEmailAddress
	c.w.Binary(id(0x300B), []byte("SMTP:"+strings.ToUpper(p.address)+"\x00")) // PidTagSearchKey
	c.w.Int32(id(0x3900), 0)                                                  // PidTagDisplayType
	c.w.String(id(0x39FE), p.address)                                         // PidTagSmtpAddress
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
