package content

import "github.com/mailhaul/mailhaul/simulator/internal/rng"

// prose is an endless text in HTML paragraphs or plain lines.
type prose struct {
	vocabulary *vocabulary
	rng        rng.Rand
	html       bool
	buf        []byte
	rest       []byte
	words      int // left in the sentence
	sentences  int // left in the paragraph
}

// Read never fails and never ends.
func (p *prose) Read(b []byte) (int, error) {
	for n := 0; n < len(b); {
		if len(p.rest) == 0 {
			p.more()
		}
		c := copy(b[n:], p.rest)
		n, p.rest = n+c, p.rest[c:]
	}
	return len(b), nil
}

// The text is made proseBytes at a time. The buffer has room for what the last four words add.
const (
	proseBytes  = 3800
	proseBuffer = proseBytes + 4*(slotSize+len(paragraph)) + slotSize
)

const paragraph = ".</p>\r\n<p class=\"MsoNormal\">"

// more makes the next part of the text.
func (p *prose) more() {
	if p.buf == nil {
		p.buf = make([]byte, proseBuffer)
	}
	b, n := p.buf, 0
	slots, draw := p.vocabulary.slots, &p.vocabulary.draw
	for n < proseBytes {
		random := p.rng.Next()
		for range 4 {
			word := &slots[draw[uint16(random)]]
			random >>= 16
			*(*[slotSize]byte)(b[n:]) = word.text
			n += int(word.n)
			if p.words--; p.words < 0 {
				n += p.pause(b[n-1:])
			}
		}
	}
	p.rest = b[:n]
}

// pause replaces the space after the last word of a sentence by what ends the sentence. It returns
// how many bytes longer the text gets.
func (p *prose) pause(b []byte) int {
	p.words = 4 + int(p.rng.Below(18))
	end := ". "
	if p.sentences--; p.sentences < 0 {
		p.sentences = 1 + int(p.rng.Below(6))
		end = ".\r\n\r\n"
		if p.html {
			end = paragraph
		}
	}
	return copy(b, end) - 1
}
