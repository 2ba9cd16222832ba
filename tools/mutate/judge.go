package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// A score counts the mutations that tests noticed.
type score struct {
	changes  int
	endless  int      // noticed because a test did not end
	survived []mutant // not noticed
	reached  []mutant // not noticed, although a test reaches them
}

// judge switches mutations on, one at a time, and runs the tests that reach them.
func (s *suite) judge(ctx context.Context, mutants []mutant) (*score, error) {
	result := &score{changes: len(mutants)}
	var mu sync.Mutex
	done := 0
	err := inParallel(ctx, mutants, func(ctx context.Context, m mutant) error {
		tests := s.reaching(m.id)
		noticed, endless := s.notice(ctx, m, tests)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		mu.Lock()
		defer mu.Unlock()
		done++
		result.add(m, len(tests) > 0, noticed, endless)
		if !noticed {
			progress(done, len(mutants), "survived %v", m)
		}
		return nil
	})
	slices.SortFunc(result.survived, func(a, b mutant) int { return a.id - b.id })
	return result, err
}

func (r *score) add(m mutant, reached, noticed, endless bool) {
	if endless {
		r.endless++
	}
	if !noticed {
		r.survived = append(r.survived, m)
	}
	if !noticed && reached {
		r.reached = append(r.reached, m)
	}
}

// reaching returns the tests that reach a mutation, the fastest first.
func (s *suite) reaching(id int) (tests []*test) {
	for _, t := range s.tests {
		if t.reaches[id] {
			tests = append(tests, t)
		}
	}
	slices.SortStableFunc(tests, func(a, b *test) int { return cmp.Compare(a.took, b.took) })
	return tests
}

// notice reports whether one of the tests fails with a mutation, and whether it failed because it
// did not end. It runs fast tests of one binary together.
func (s *suite) notice(ctx context.Context, m mutant, tests []*test) (noticed, endless bool) {
	for _, group := range groups(tests) {
		atMost := time.Minute
		for _, t := range group {
			atMost += 10 * t.took
		}
		if _, err := s.run(ctx, m.id, "", atMost, group...); err != nil {
			return true, err == errEndless
		}
	}
	return false, false
}

// groups joins tests of a binary into groups that take less than a second, the fastest first.
func groups(tests []*test) [][]*test {
	var all [][]*test
	last, took := map[string]int{}, map[string]time.Duration{}
	for _, t := range tests {
		if i, ok := last[t.binary]; ok && took[t.binary]+t.took < time.Second {
			all[i], took[t.binary] = append(all[i], t), took[t.binary]+t.took
			continue
		}
		last[t.binary], took[t.binary] = len(all), t.took
		all = append(all, []*test{t})
	}
	return all
}

// String lists the mutations that survived, and ends with the counts.
func (r *score) String() string {
	var b strings.Builder
	for _, m := range r.survived {
		where := "survived"
		if !slices.Contains(r.reached, m) {
			where = "never reached"
		}
		fmt.Fprintf(&b, "%s: %v\n", where, m)
	}
	noticed := r.changes - len(r.survived)
	fmt.Fprintf(&b, "%d mutations: %d noticed (%.1f %%), %d of them by a test that did not end; %d survived, %d of them never reached\n",
		r.changes, noticed, 100*float64(noticed)/float64(max(1, r.changes)), r.endless, len(r.survived), len(r.survived)-len(r.reached))
	return b.String()
}

// inParallel calls do for each element of a list, one on each CPU at a time, until a call fails.
func inParallel[T any](ctx context.Context, list []T, do func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan T)
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		wg.Go(func() {
			for item := range work {
				if err := do(ctx, item); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, item := range list {
		if ctx.Err() == nil {
			work <- item
		}
	}
	close(work)
	wg.Wait()
	return context.Cause(ctx)
}
