package content

import (
	"fmt"
	"io"

	"github.com/mailhaul/mailhaul/fasttransfer"
	"github.com/mailhaul/mailhaul/simulator/internal/rng"
)

// maxDepth bounds the messages that are attached to one another.
const maxDepth = 3

// filling is what an attachment contains.
type filling uint8

const (
	noise filling = iota // bytes that do not compress
	text
	embedded // a message
)

// attachment is a file or a message that is attached.
type attachment struct {
	filling filling
	name    string
	mime    string
	size    int64
	rng     rng.Rand
}

// fileKind is a kind of file that people send.
type fileKind struct {
	extension, mime string
	filling         filling
}

var fileKinds = []fileKind{
	{".pdf", "application/pdf", noise},
	{".pdf", "application/pdf", noise},
	{".jpg", "image/jpeg", noise},
	{".png", "image/png", noise},
	{".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", noise},
	{".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", noise},
	{".zip", "application/zip", noise},
	{".txt", "text/plain", text},
	{".csv", "text/csv", text},
	{".log", "application/octet-stream", text},
}

// attachments splits size bytes into some files and, now and then, a message.
func (c *composer) attachments(r *rng.Rand, size int64, depth int) []attachment {
	var parts []attachment
	for n := 1 + r.Below(4); n > 0; n-- {
		share := size
		if n > 1 {
			share = size/2 + r.Below(size/4+1)
		}
		size -= share
		content := share - attachmentOverhead
		if content <= 0 {
			continue
		}
		kind := rng.Pick(r, fileKinds)
		a := attachment{filling: kind.filling, mime: kind.mime, size: content, rng: rng.Rand(r.Next())}
		a.name = c.vocabulary.title(r) + kind.extension
		if depth < maxDepth && content > 4000 && r.Chance(90) {
			a.filling, a.mime, a.name = embedded, "message/rfc822", c.vocabulary.title(r)
		}
		parts = append(parts, a)
	}
	return parts
}

// attachment writes one attachment.
func (c *composer) attachment(number int32, a attachment, within *letter) {
	w, id := c.w, fasttransfer.ID
	method := int32(1) // by value
	if a.filling == embedded {
		method = 5 // embedded message
	}
	w.StartAttachment(number)
	w.String(id(0x3712), fmt.Sprintf("%016X@contoso.com", uint64(a.rng))) // PidTagAttachContentId
	w.Int32(id(0x370B), -1)                                               // PidTagRenderingPosition
	w.Int32(id(0x0E20), int32(min(a.size, 1<<31-1)))                      // PidTagAttachSize
	w.Time(id(0x3007), within.created)                                    // PidTagCreationTime
	w.Time(id(0x3008), within.created)                                    // PidTagLastModificationTime
	w.Int32(id(0x3705), method)                                           // PidTagAttachMethod
	w.String(id(0x370E), a.mime)                                          // PidTagAttachMimeTag
	w.String(id(0x3001), a.name)                                          // PidTagDisplayName
	switch a.filling {
	case embedded:
		w.StartEmbedded()
		l := c.letter(a.rng, "IPM.Note", a.size, within.created.AddDate(0, 0, -2), within.depth+1)
		c.message(&l)
		w.EndEmbedded()
	default:
		w.String(id(0x3707), a.name)                // PidTagAttachLongFilename
		w.BinaryFrom(id(0x3701), c.fill(a), a.size) // PidTagAttachDataBinary
	}
	w.EndAttachment()
}

// fill returns content for a file; it never ends.
func (c *composer) fill(a attachment) io.Reader {
	if a.filling == text {
		return &prose{vocabulary: c.vocabulary, rng: a.rng}
	}
	r := a.rng
	return &r
}
