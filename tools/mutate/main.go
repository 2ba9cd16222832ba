// Mutate tests the tests: it changes the program in small ways, one at a time, and looks for a
// test that fails. A change that no test notices is a hole in the tests.
//
// All changes are compiled into each test's program at once, behind switches, and one of them is
// switched on by the environment. So a change costs a run of the tests that reach it, and no build.
//
//	mutate [-tests dirs] [-skip regexp] [-sample n] [-seed n] dir...
//
// It changes the packages in the directories, and runs their tests and those of -tests.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"regexp"
	"strings"
)

func main() {
	log.SetFlags(0)
	o := options{}
	tests := flag.String("tests", "", "more `directories` whose tests to run, separated by commas")
	skip := flag.String("skip", "^$", "`files` not to change, as a regular expression")
	flag.IntVar(&o.sample, "sample", 0, "change only so `many` places, at random; 0: all")
	flag.Uint64Var(&o.seed, "seed", 1, "`number` that the sample follows from")
	flag.Parse()
	o.dirs = flag.Args()
	o.tests = append(o.dirs, strings.FieldsFunc(*tests, func(r rune) bool { return r == ',' })...)
	o.skip = regexp.MustCompile(*skip)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	survived, err := run(ctx, o)
	if err != nil {
		log.Fatal("mutate: ", err)
	}
	fmt.Print(survived)
}

type options struct {
	dirs, tests []string
	skip        *regexp.Regexp
	sample      int
	seed        uint64
}

// run changes the program in every way and returns what came of it.
func run(ctx context.Context, o options) (*score, error) {
	work, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	prog, err := instrument(o.dirs, o.skip, work)
	if err != nil {
		return nil, err
	}
	log.Printf("%d mutations of %s; building their tests", len(prog.mutants), strings.Join(o.dirs, ", "))
	suite, err := build(ctx, prog, o.tests, work)
	if err != nil {
		return nil, err
	}
	log.Printf("%d tests; looking at what each reaches", len(suite.tests))
	if err := suite.trace(ctx); err != nil {
		return nil, err
	}
	return suite.judge(ctx, choose(prog.mutants, o))
}
