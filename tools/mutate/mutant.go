package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// A mutant is one mutation of the program.
type mutant struct {
	id   int // from 1
	file string
	line int
	what string // the kind of mutation
	text string // the line
}

func (m mutant) String() string { return fmt.Sprintf("%s:%d: %s: %s", m.file, m.line, m.what, m.text) }

// choose returns a random sample, in the order of the source.
func choose(all []mutant, o options) []mutant {
	if o.sample == 0 || o.sample >= len(all) {
		return all
	}
	chosen := slices.Clone(all)
	rng := rand.New(rand.NewPCG(o.seed, 0))
	rng.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	chosen = chosen[:o.sample]
	slices.SortFunc(chosen, func(a, b mutant) int { return a.id - b.id })
	return chosen
}

// An edit puts text into a file.
type edit struct {
	at   int // offset
	text string
}

// apply returns a source with edits. Edits at the same offset keep their order.
func apply(src []byte, edits []edit) []byte {
	slices.SortStableFunc(edits, func(a, b edit) int { return a.at - b.at })
	var out []byte
	from := 0
	for _, e := range edits {
		out = append(append(out, src[from:e.at]...), e.text...)
		from = e.at
	}
	return append(out, src[from:]...)
}
