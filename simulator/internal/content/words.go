package content

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mailhaul/mailhaul/simulator/internal/rng"
)

// commonWords begin the vocabulary, the most frequent first.
const commonWords = `the to and of a in for is you that on with be we this it are have as at from will by not or your our can
please if all has an but was any new would they so do me there about which also been what up know get more time thanks meeting
one their when out could see need like work team project report attached regards week next document send let review call today
please customer update contract order invoice number date question order service system price office change plan budget
schedule delivery account support product server issue request confirm available information tomorrow morning quarter draft
final version comments feedback agenda minutes figures forecast deadline signed shipment supplier warehouse production`

// draws is the size of the table from which words are drawn: 16 bits of a random number choose an
// entry.
const draws = 1 << 16

// vocabulary draws words so that the n-th most frequent comes about 1/n as often as the first
// (Zipf's law).
type vocabulary struct {
	words []string
	slots []slot
	draw  [draws]uint16 // indices of words
}

// slot is a word and the space after it in an array of fixed size, which is copied faster than a
// string.
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
	r := rng.New('w')
	for len(v.words) < 12_000 {
		add(inventedWord(&r))
	}
	v.fill()
	return v
}

// fill gives each word its entries. The weight, 1/(rank+2.5), keeps the first words rarer than
// Zipf's law has them.
func (v *vocabulary) fill() {
	const unit = 1 << 40
	var total uint64
	weight := func(rank int) uint64 { return 2 * unit / uint64(2*rank+5) }
	for i := range v.words {
		total += weight(i)
	}
	var sum uint64
	entry := 0
	for i := range v.words {
		sum += weight(i)
		for end := int(sum / (total/draws + 1)); entry < end; entry++ {
			v.draw[entry] = uint16(i)
		}
	}
	for ; entry < draws; entry++ {
		v.draw[entry] = uint16(entry % len(v.words))
	}
}

var (
	onsets = []string{"b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "st", "tr", "pl", "gr", "ch", "sh", ""}
	vowels = []string{"a", "e", "i", "o", "u", "ea", "io", "ou", "é"}
	codas  = []string{"", "", "n", "r", "s", "t", "l", "nt", "rd", "ng", "ck", "m"}
)

// inventedWord makes a word of one to four syllables.
func inventedWord(r *rng.Rand) string {
	var b strings.Builder
	for range 1 + r.Below(2) + r.Below(3) {
		b.WriteString(rng.Pick(r, onsets) + rng.Pick(r, vowels) + rng.Pick(r, codas))
	}
	return b.String()
}

// title makes a subject or a file name of some words.
func (v *vocabulary) title(r *rng.Rand) string {
	words := make([]string, 2+r.Below(6))
	for i := range words {
		words[i] = v.words[v.draw[r.Next()%draws]]
	}
	s := strings.Join(words, " ")
	first, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[n:]
}
