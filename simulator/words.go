package simulator

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// commonWords open the vocabulary, the most frequent first.
const commonWords = `the to and of a in for is you that on with be we this it are have as at from will by not or your our can
please if all has an but was any new would they so do me there about which also been what up know get more time thanks meeting
one their when out could see need like work team project report attached regards week next document send let review call today
please customer update contract order invoice number date question order service system price office change plan budget
schedule delivery account support product server issue request confirm available information tomorrow morning quarter draft
final version comments feedback agenda minutes figures forecast deadline signed shipment supplier warehouse production`

// dealt is the number of places in the table from which words are drawn; 16 bits of a random number choose one.
const dealt = 1 << 16

// vocabulary draws words so that the n-th most frequent is drawn about 1/n as often as the first (Zipf's law).
type vocabulary struct {
	words []string
	slots []slot
	deal  [dealt]uint16
}

// slot is a word and the space behind it, in a place of fixed size: that is copied faster than the word alone.
type slot struct {
	n    uint8
	text [slotSize]byte
}

const slotSize = 31

func newVocabulary() *vocabulary {
	v := &vocabulary{}
	seen := map[string]bool{}
	add := func(w string) {
		if len(w) < slotSize && !seen[w] {
			seen[w] = true
			v.words = append(v.words, w)
			s := slot{n: uint8(len(w) + 1)}
			copy(s.text[:], w+" ")
			v.slots = append(v.slots, s)
		}
	}
	for w := range strings.FieldsSeq(commonWords) {
		add(w)
	}
	r := mixed('w')
	for len(v.words) < 12_000 {
		add(inventedWord(&r))
	}
	v.fill()
	return v
}

// fill gives each word its places; 1/(rank+2.5) falls a little slower than Zipf's first ranks would.
func (v *vocabulary) fill() {
	const unit = 1 << 40
	var total uint64
	weight := func(rank int) uint64 { return 2 * unit / uint64(2*rank+5) }
	for i := range v.words {
		total += weight(i)
	}
	var sum uint64
	place := 0
	for i := range v.words {
		sum += weight(i)
		for end := int(sum / (total/dealt + 1)); place < end; place++ {
			v.deal[place] = uint16(i)
		}
	}
	for ; place < dealt; place++ {
		v.deal[place] = uint16(place % len(v.words))
	}
}

var (
	onsets = []string{"b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "st", "tr", "pl", "gr", "ch", "sh", ""}
	vowels = []string{"a", "e", "i", "o", "u", "ea", "io", "ou", "é"}
	codas  = []string{"", "", "n", "r", "s", "t", "l", "nt", "rd", "ng", "ck", "m"}
)

// inventedWord makes a word of one to four syllables.
func inventedWord(r *rng) string {
	var b strings.Builder
	for range 1 + r.below(2) + r.below(3) {
		b.WriteString(pick(r, onsets) + pick(r, vowels) + pick(r, codas))
	}
	return b.String()
}

// prose is an endless text; it reads as HTML paragraphs or as plain lines.
type prose struct {
	vocabulary *vocabulary
	rng        rng
	html       bool
	buf        []byte
	rest       []byte
	words      int // until the sentence ends
	sentences  int // until the paragraph does
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

// The text is made in parts of about this many bytes; the room is what the last words may take more.
const (
	proseBytes = 3800
	proseRoom  = proseBytes + 4*(slotSize+len(paragraph)) + slotSize
)

const paragraph = ".</p>\r\n<p class=\"MsoNormal\">"

// more makes the next few kilobytes.
func (p *prose) more() {
	if p.buf == nil {
		p.buf = make([]byte, proseRoom)
	}
	b, n := p.buf, 0
	slots, deal := p.vocabulary.slots, &p.vocabulary.deal
	for n < proseBytes {
		draws := p.rng.next()
		for range 4 {
			word := &slots[deal[uint16(draws)]]
			draws >>= 16
			*(*[slotSize]byte)(b[n:]) = word.text
			n += int(word.n)
			if p.words--; p.words < 0 {
				n += p.pause(b[n-1:])
			}
		}
	}
	p.rest = b[:n]
}

// pause writes what ends a sentence over the space behind its last word, and says how much longer it is.
func (p *prose) pause(b []byte) int {
	p.words = 4 + int(p.rng.below(18))
	end := ". "
	if p.sentences--; p.sentences < 0 {
		p.sentences = 1 + int(p.rng.below(6))
		end = ".\r\n\r\n"
		if p.html {
			end = paragraph
		}
	}
	return copy(b, end) - 1
}

// title is a subject or a name of some words.
func (v *vocabulary) title(r *rng) string {
	words := make([]string, 2+r.below(6))
	for i := range words {
		words[i] = v.words[v.deal[r.next()%dealt]]
	}
	s := strings.Join(words, " ")
	first, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[n:]
}
