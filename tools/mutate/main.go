// Mutate tests the tests: it changes the program in small ways, one at a time, and expects a test
// to fail. A mutation that no test notices shows what the tests miss.
//
// Each test binary contains all mutations, behind switches, and an environment variable switches
// one of them on. So a mutation costs one run of the tests that reach it, and no build.
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
	tests := flag.String("tests", "", "`directories` with more tests to run, separated by commas")
	skip := flag.String("skip", "^$", "regular expression of `files` that are not changed")
	flag.IntVar(&o.sample, "sample", 0, "`number` of mutations, chosen at random; 0: all")
	flag.Uint64Var(&o.seed, "seed", 1, "`seed` of the random sample")
	flag.Parse()
	o.dirs = flag.Args()
	o.tests = append(o.dirs, strings.FieldsFunc(*tests, func(r rune) bool { return r == ',' })...)
	o.skip = regexp.MustCompile(*skip)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	score, err := run(ctx, o)
	if err != nil {
		log.Fatal("mutate: ", err)
	}
	fmt.Print(score)
}

type options struct {
	dirs, tests []string
	skip        *regexp.Regexp
	sample      int
	seed        uint64
}

// run applies all mutations of the sample and returns the score.
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
	log.Printf("%d mutations of %s; building the tests", len(prog.mutants), strings.Join(o.dirs, ", "))
	suite, err := build(ctx, prog, o.tests, work)
	if err != nil {
		return nil, err
	}
	log.Printf("%d tests; recording which mutations each reaches", len(suite.tests))
	if err := suite.trace(ctx); err != nil {
		return nil, err
	}
	return suite.judge(ctx, choose(prog.mutants, o))
}
