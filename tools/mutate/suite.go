package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A suite is the test binaries.
type suite struct {
	work  string
	tests []*test
}

// A test is a test function of one of the binaries.
type test struct {
	binary, dir string
	name        string
	reaches     map[int]bool // mutants
	took        time.Duration
}

func (t *test) String() string { return t.dir + " " + t.name }

// build builds the tests of the packages in dirs, with switches.
func build(ctx context.Context, p *program, dirs []string, work string) (*suite, error) {
	s := &suite{work: work}
	overlay := filepath.Join(work, "overlay.json")
	if err := p.save(overlay); err != nil {
		return nil, err
	}
	for i, dir := range dirs {
		if err := s.add(ctx, dir, overlay, filepath.Join(work, fmt.Sprintf("%d.test", i))); err != nil {
			return nil, fmt.Errorf("the tests of %s: %w", dir, err)
		}
	}
	return s, nil
}

// add builds and lists the tests of a package, if it has any.
func (s *suite) add(ctx context.Context, dir, overlay, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", binary, "./"+filepath.ToSlash(filepath.Clean(dir)))
	cmd.Env, cmd.Stderr = env(), os.Stderr
	if err := cmd.Run(); err != nil {
		return err
	}
	if _, err := os.Stat(binary); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	names, err := exec.CommandContext(ctx, binary, "-test.list", "^Test").Output()
	for _, name := range strings.Fields(string(names)) {
		s.tests = append(s.tests, &test{binary: binary, dir: dir, name: name})
	}
	return err
}

// trace runs each test alone, without a mutation, and records which mutations it reaches.
func (s *suite) trace(ctx context.Context) error {
	return inParallel(ctx, s.tests, func(ctx context.Context, t *test) error {
		file, err := os.CreateTemp(s.work, "trace-")
		if err != nil {
			return err
		}
		file.Close()
		start := time.Now()
		if out, err := s.run(ctx, 0, file.Name(), slowest, t); err != nil {
			return fmt.Errorf("%s fails without a mutation: %w\n%s", t, err, out)
		}
		t.took = time.Since(start)
		data, err := os.ReadFile(file.Name())
		if err != nil {
			return err
		}
		t.reaches = map[int]bool{}
		for line := range strings.Lines(string(data)) {
			var n int
			if _, err := fmt.Sscan(line, &n); err == nil {
				t.reaches[n] = true
			}
		}
		return nil
	})
}

// slowest bounds the time of a test without a mutation.
const slowest = 30 * time.Minute

// memory bounds the address space of a test, in KiB: a mutation can make it allocate forever.
const memory = 6 << 20

// run runs tests of one binary with a mutation switched on, and returns their output.
func (s *suite) run(ctx context.Context, mutant int, trace string, atMost time.Duration, tests ...*test) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, atMost, errEndless)
	defer cancel()
	var names []string
	for _, t := range tests {
		names = append(names, t.name)
	}
	script := fmt.Sprintf(`ulimit -v %d 2>/dev/null; exec "$@"`, memory)
	cmd := exec.CommandContext(ctx, "sh", "-c", script, "sh", tests[0].binary, "-test.failfast", "-test.run", "^("+strings.Join(names, "|")+")$")
	cmd.Dir = tests[0].dir
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", envMutant, mutant), envTrace+"="+trace)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &out, time.Second
	err := cmd.Run()
	if err != nil && context.Cause(ctx) == errEndless {
		err = errEndless
	}
	return out.Bytes(), err
}

// errEndless means that a test did not end in time.
var errEndless = errors.New("the test did not end")

func progress(done, of int, format string, args ...any) {
	log.Printf("%d of %d: %s", done, of, fmt.Sprintf(format, args...))
}
