package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// A program is the source with switches.
type program struct {
	mutants []mutant
	overlay map[string]string // the file with switches that replaces a file
}

// instrument writes the packages of dirs, with switches, into the folder work.
func instrument(dirs []string, skip *regexp.Regexp, work string) (*program, error) {
	p := &program{overlay: map[string]string{}}
	for _, dir := range dirs {
		pkg, err := list(dir)
		if err != nil {
			return nil, err
		}
		for _, name := range pkg.GoFiles {
			file := filepath.Join(dir, name)
			if skip.MatchString(filepath.ToSlash(file)) {
				continue
			}
			if err := p.change(file, filepath.Join(pkg.Dir, name), work); err != nil {
				return nil, err
			}
		}
		text := strings.Replace(switches, "package main", "package "+pkg.Name, 1)
		if err := p.put(filepath.Join(pkg.Dir, "mutated.go"), []byte(text), work); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// change puts switches into a file.
func (p *program) change(name, path, work string) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	out, err := find(name, src, func(m mutant) int {
		m.id = len(p.mutants) + 1
		p.mutants = append(p.mutants, m)
		return m.id
	})
	if err != nil {
		return err
	}
	return p.put(path, out, work)
}

// put replaces a file by a text.
func (p *program) put(path string, text []byte, work string) error {
	file := filepath.Join(work, fmt.Sprintf("%d.go", len(p.overlay)))
	p.overlay[path] = file
	return os.WriteFile(file, text, 0o666)
}

// save writes the overlay as the flag -overlay of go build expects it.
func (p *program) save(file string) error {
	data, err := json.Marshal(map[string]any{"Replace": p.overlay})
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o666)
}

// A goPackage is the output of go list.
type goPackage struct {
	Dir, Name string
	GoFiles   []string
}

func list(dir string) (pkg goPackage, err error) {
	cmd := exec.Command("go", "list", "-json=Dir,Name,GoFiles", "./"+filepath.ToSlash(filepath.Clean(dir)))
	cmd.Env, cmd.Stderr = env(), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return pkg, fmt.Errorf("go list %s: %w", dir, err)
	}
	return pkg, json.Unmarshal(out, &pkg)
}

// env returns the environment of the go command, which must build the files that it lists.
func env() []string { return append(os.Environ(), "CGO_ENABLED=0") }

// switches is a file that each package gets.
const switches = `package main

import (
	"os"
	"strconv"
	"sync"
)

var (
	mutant, _  = strconv.Atoi(os.Getenv("` + envMutant + `"))
	mutants, _ = os.OpenFile(os.Getenv("` + envTrace + `"), os.O_WRONLY|os.O_APPEND, 0)
	reached    sync.Map
)

// mutated reports whether mutation n is on. If there is a trace file, it records n there, once.
func mutated(n int) bool {
	if mutants != nil {
		if _, recorded := reached.LoadOrStore(n, true); !recorded {
			_, _ = mutants.WriteString(strconv.Itoa(n) + "\n")
		}
	}
	return n == mutant
}
`

// The environment of a test binary: the number of the mutation that is on, and the name of the
// trace file, which gets the numbers of the mutations that the tests reach.
const (
	envMutant = "MUTATE_ON"
	envTrace  = "MUTATE_TRACE"
)
