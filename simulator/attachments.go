package simulator

import (
	"fmt"
	"io"

	"github.com/mailhaul/mailhaul/fasttransfer"
)

// deepest is how many messages may lie in one another.
const deepest = 3

// filling is what an attachment is full of.
type filling uint8

const (
	incompressible filling = iota
	prosaic
	embedded
)

// attachment is a part to write.
type attachment struct {
	filling filling
	name    string
	mime    string
	size    int64
	rng     rng
}

// fileKind is a kind of file that people send.
type fileKind struct {
	extension, mime string
	filling         filling
}

var fileKinds = []fileKind{
	{".pdf", "application/pdf", incompressible},
	{".pdf", "application/pdf", incompressible},
	{".jpg", "image/jpeg", incompressible},
	{".png", "image/png", incompressible},
	{".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", incompressible},
	{".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", incompressible},
	{".zip", "application/zip", incompressible},
	{".txt", "text/plain", prosaic},
	{".csv", "text/csv", prosaic},
	{".log", "application/octet-stream", prosaic},
}

// attachments splits a number of bytes into some files, and now and then a message.
func (c *composer) attachments(r *rng, size int64, depth int) []attachment {
	var parts []attachment
	for n := 1 + r.below(4); n > 0; n-- {
		share := size
		if n > 1 {
			share = size/2 + r.below(size/4+1)
		}
		size -= share
		content := share - attachmentOverhead
		if content <= 0 {
			continue
		}
		kind := pick(r, fileKinds)
		a := attachment{filling: kind.filling, mime: kind.mime, size: content, rng: rng(r.next())}
		a.name = c.vocabulary.title(r) + kind.extension
		if depth < deepest && content > 4000 && r.chance(90) {
			a.filling, a.mime, a.name = embedded, "message/rfc822", c.vocabulary.title(r)
		}
		parts = append(parts, a)
	}
	return parts
}

// attachment writes one part.
func (c *composer) attachment(number int32, a attachment, within *letter) {
	w, id := c.w, fasttransfer.ID
	method := int32(1)
	if a.filling == embedded {
		method = 5
	}
	w.StartAttachment(number)
	w.String(id(0x3712), fmt.Sprintf("%016X@contoso.com", uint64(a.rng)))
	w.Int32(id(0x370B), -1)
	w.Int32(id(0x0E20), int32(min(a.size, 1<<31-1)))
	w.Time(id(0x3007), within.created)
	w.Time(id(0x3008), within.created)
	w.Int32(id(0x3705), method)
	w.String(id(0x370E), a.mime)
	w.String(id(0x3001), a.name)
	switch a.filling {
	case embedded:
		w.StartEmbedded()
		l := c.letter(a.rng, "IPM.Note", a.size, within.created.AddDate(0, 0, -2), within.depth+1)
		c.message(&l)
		w.EndEmbedded()
	default:
		w.String(id(0x3707), a.name)
		w.BinaryFrom(id(0x3701), c.fill(a), a.size)
	}
	w.EndAttachment()
}

// fill returns the endless content of a file.
func (c *composer) fill(a attachment) io.Reader {
	if a.filling == prosaic {
		return &prose{vocabulary: c.vocabulary, rng: a.rng}
	}
	r := a.rng
	return &r
}
