// Package mailhaul_test checks the project as a whole: which package imports which, and what
// docs/architecture.md says about that.
package mailhaul_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/mailhaul/mailhaul"

// imports lists, for every package, the packages of the project that it imports. A test file may
// import these and those in testImports.
var imports = map[string][]string{
	"":                          nil, // this test
	"cmd/mailhaul":              {"internal/cli"},
	"internal/cli":              {"pipeline", "restore", "replicate", "snapshots", "graph", "manifest", "repository", "sinks", "doctor", "simulator", "bench", "bench/render", "internal/entra"},
	"bench":                     {"pipeline", "snapshots", "graph", "manifest", "compress", "repository", "sinks", "simulator"},
	"bench/render":              {"bench", "pipeline"},
	"doctor":                    {"graph", "repository", "internal/transport"},
	"pipeline":                  {"snapshots", "graph", "manifest", "compress", "repository"},
	"restore":                   {"snapshots", "manifest", "compress", "repository"},
	"replicate":                 {"snapshots", "manifest", "repository"},
	"snapshots":                 {"manifest", "repository"},
	"graph":                     {"graph/internal/exportjson", "internal/entra"},
	"graph/internal/exportjson": nil,
	"manifest":                  nil,
	"compress":                  {"manifest"}, // the digest type alone
	// Of manifest, repository uses the digest type alone.
	"repository":            {"manifest", "sinks/s3blob", "sinks/azure", "sinks/gcs", "sinks/dirblob", "internal/transport"},
	"sinks":                 {"repository", "sinks/s3blob", "sinks/azure", "sinks/gcs", "sinks/dirblob", "sinks/internal/params"},
	"sinks/s3blob":          {"sinks/internal/params", "internal/transport"},
	"sinks/azure":           {"internal/entra", "sinks/internal/layer", "sinks/internal/params", "internal/transport"},
	"sinks/gcs":             {"sinks/internal/layer", "sinks/internal/params", "internal/transport"},
	"sinks/dirblob":         nil,
	"sinks/internal/layer":  nil,
	"sinks/internal/params": nil,
	"internal/transport":    nil,
	"simulator":             {"fasttransfer"},
	"fasttransfer":          nil,
	"internal/entra":        nil,
	"internal/servers":      nil,
	"internal/race":         nil,
	"internal/memstore":     nil,
	"internal/histories":    {"pipeline", "restore", "snapshots", "graph", "manifest", "repository", "simulator", "internal/memstore"},
}

// testImports lists what the tests of a package may import besides. Only tests use the simulator
// and its client together: the two share no code.
var testImports = map[string][]string{
	"bench":              {"internal/cli", "restore", "internal/servers", "internal/race", "bench/render"},
	"doctor":             {"simulator"},
	"internal/cli":       {"internal/servers", "internal/memstore", "compress"},
	"pipeline":           {"restore", "simulator", "sinks", "internal/servers", "internal/race", "internal/memstore", "internal/histories"},
	"replicate":          {"restore", "pipeline", "graph", "simulator", "sinks", "internal/memstore"},
	"restore":            {"pipeline", "graph", "simulator", "sinks", "internal/servers", "internal/memstore"},
	"graph":              {"simulator"},
	"sinks":              {"manifest", "internal/servers", "internal/memstore", "doctor"},
	"repository":         {"internal/memstore"},
	"internal/histories": {"sinks", "internal/servers"},
	"snapshots":          {"internal/memstore"},
	"sinks/s3blob":       {"internal/servers"},
}

// digestOnly lists the packages that may use the digests of manifest and nothing else of it.
var digestOnly = []string{"compress", "repository"}

// TestImports compares the imports of all files with the tables.
func TestImports(t *testing.T) {
	code, tests := readImports(t)
	for _, pkg := range slices.Sorted(maps.Keys(tests)) {
		allowed, listed := imports[pkg]
		if !listed {
			t.Errorf("package %q is not in the table imports of imports_test.go; add %q: {%s},", pkg, pkg, quoted(code[pkg]))
			continue
		}
		for _, name := range code[pkg] {
			if !slices.Contains(allowed, name) {
				t.Errorf("package %q may not import %q: its row in the table imports does not list it", pkg, name)
			}
		}
		for _, name := range allowed {
			if !slices.Contains(code[pkg], name) {
				t.Errorf("package %q does not import %q: remove that from its row in the table imports", pkg, name)
			}
		}
		for _, name := range tests[pkg] {
			if name != pkg && !slices.Contains(allowed, name) && !slices.Contains(testImports[pkg], name) {
				t.Errorf("tests of package %q may not import %q: its row in the table testImports does not list it", pkg, name)
			}
		}
	}
	for pkg := range imports {
		if _, exists := tests[pkg]; !exists {
			t.Errorf("package %q does not exist: remove its row from the table imports", pkg)
		}
	}
}

// readImports returns the imports of each package from within the project, sorted: those of its
// code, and those of its tests. Every package is a key of both. The folder tools is not part of
// the program.
func readImports(t *testing.T) (code, tests map[string][]string) {
	t.Helper()
	code, tests = map[string][]string{}, map[string][]string{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || file == "tools" || strings.HasPrefix(d.Name(), ".") && file != "."):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(file, ".go"):
			return nil
		}
		dir := strings.TrimPrefix(path.Dir("/"+filepath.ToSlash(file)), "/")
		into, other := code, tests
		if strings.HasSuffix(file, "_test.go") {
			into, other = tests, code
		}
		into[dir] = append(into[dir], importsOf(t, file)...)
		other[dir] = append(other[dir], []string{}...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []map[string][]string{code, tests} {
		for dir, names := range m {
			slices.Sort(names)
			m[dir] = slices.Compact(names)
		}
	}
	return code, tests
}

// importsOf returns the packages of the project that a file imports.
func importsOf(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, spec := range f.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if pkg, ours := strings.CutPrefix(name, module+"/"); ours {
			names = append(names, pkg)
		}
	}
	return names
}

// quoted returns names as the elements of a Go slice.
func quoted(names []string) string {
	var all []string
	for _, name := range names {
		all = append(all, strconv.Quote(name))
	}
	return strings.Join(all, ", ")
}

// TestDigestOnly checks that the packages of digestOnly use nothing of manifest but digests.
func TestDigestOnly(t *testing.T) {
	names := []string{"Digest", "DigestSize", "SumOf", "ParseDigest", "ParseHex", "MaxChunkLength"}
	for _, dir := range digestOnly {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", dir, len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, name := range uses(t, file, "manifest") {
				if !slices.Contains(names, name) {
					t.Errorf("%s uses manifest.%s", file, name)
				}
			}
		}
	}
}

// uses returns the names of a package that a file uses.
func uses(t *testing.T, file, pkg string) []string {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == pkg {
				names = append(names, sel.Sel.Name)
			}
		}
		return true
	})
	return names
}
