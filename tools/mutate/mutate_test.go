package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestFind compares functions with their switches.
func TestFind(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"if":         {"if ok { f() }", "if ((ok) || mutated(2)) && !mutated(1) { if !mutated(3) { f() } }"},
		"error":      {"if err != nil { g() }", "if (err != nil) && !mutated(1) { if !mutated(2) { g() } }"},
		"success":    {"return n, err", "if mutated(1) { return *new(int), nil }; return n, err"},
		"no error":   {"return n, nil", "return n, nil"},
		"bound":      {"x := n < 3", "x := ((n < 3) != (mutated(1) && (n) == (3)))"},
		"calls":      {"x := f() < 3", "x := f() < 3"},
		"and":        {"x := a && b", "x := ((a) || mutated(1)) && ((b) || mutated(2))"},
		"or":         {"x := a || b", "x := ((a) && !mutated(1)) || ((b) && !mutated(2))"},
		"assignment": {"x = 1; y := 2; _ = y; z++", "if !mutated(1) { x = 1 }; y := 2; _ = y; if !mutated(2) { z++ }"},
		"cases":      {"switch { case a: f() }", "switch { case (a) && !mutated(1): if !mutated(2) { f() } }"},
		"waits":      {"mu.Lock(); defer wg.Done(); ch <- 1", "mu.Lock(); defer wg.Done(); ch <- 1"},
		"loop":       {"for { continue }", "for { if !mutated(1) { continue } }"},
		"function":   {"g(func() bool { return a })", "if !mutated(1) { g(func() bool { return (a) != mutated(2) }) }"},
	} {
		t.Run(name, func(t *testing.T) {
			const head, tail = "package p\n\nfunc f() (int, error) {\n", "\n}\n"
			n := 0
			got, err := find("p.go", []byte(head+c.body+tail), func(mutant) int { n++; return n })
			if err != nil {
				t.Fatal(err)
			}
			text := strings.TrimSuffix(strings.TrimPrefix(string(got), head), tail)
			if diff := cmp.Diff(c.want, text); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if _, err := find("p.go", got, func(mutant) int { return 0 }); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestGroups: fast tests of a binary run together, slow ones alone, the fastest first.
func TestGroups(t *testing.T) {
	var tests []*test
	for name, took := range map[string]time.Duration{"a": 100, "b": 200, "c": 2000, "d": 3000} {
		tests = append(tests, &test{binary: "1", name: name, took: took * time.Millisecond, reaches: map[int]bool{7: true}})
	}
	tests = append(tests, &test{binary: "2", name: "e", took: 150 * time.Millisecond, reaches: map[int]bool{7: true}}, &test{name: "f"})
	var got []string
	for _, group := range groups((&suite{tests: tests}).reaching(7)) {
		names := ""
		for _, t := range group {
			names += t.name
		}
		got = append(got, names)
	}
	if diff := cmp.Diff([]string{"ab", "e", "c", "d"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestChoose: a sample is the same for the same seed, and in the order of the source.
func TestChoose(t *testing.T) {
	var all []mutant
	for i := range 100 {
		all = append(all, mutant{id: i + 1})
	}
	first, again := choose(all, options{sample: 10, seed: 1}), choose(all, options{sample: 10, seed: 1})
	other := choose(all, options{sample: 10, seed: 2})
	if len(first) != 10 || !cmp.Equal(ids(first), ids(again)) || cmp.Equal(ids(first), ids(other)) {
		t.Errorf("samples are %v, %v and %v", ids(first), ids(again), ids(other))
	}
	if len(choose(all, options{})) != 100 {
		t.Error("without a sample, mutations are missing")
	}
}

func ids(mutants []mutant) (ids []int) {
	for i, m := range mutants {
		if i > 0 && m.id <= mutants[i-1].id {
			return nil
		}
		ids = append(ids, m.id)
	}
	return ids
}

// TestScore: the counts add up.
func TestScore(t *testing.T) {
	r := &score{changes: 4}
	r.add(mutant{id: 1}, true, true, false)
	r.add(mutant{id: 2}, true, true, true)
	r.add(mutant{id: 3, file: "a.go", line: 3, what: "removed", text: "f()"}, true, false, false)
	r.add(mutant{id: 4, file: "b.go", line: 9, what: "never", text: "if a {"}, false, false, false)
	want := `survived: a.go:3: removed: f()
never reached: b.go:9: never: if a {
4 mutations: 2 noticed (50.0 %), 1 of them by a test that did not end; 2 survived, 1 of them never reached
`
	if diff := cmp.Diff(want, r.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
