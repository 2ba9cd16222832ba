// Package mailhaul_test holds what is true of the project as a whole.
package mailhaul_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/mailhaul/mailhaul"

// imports tells for every package which packages of the project it may import.
// Arrows go down: docs/architecture.md draws them. A test file may import what
// its package may and, besides, what testImports lists.
var imports = map[string][]string{
	"":                          nil, // this test
	"cmd/mailhaul":              {"internal/cli"},
	"internal/cli":              {"pipeline", "restore", "replicate", "snapshots", "graph", "manifest", "repository", "sinks", "doctor", "simulator", "bench", "bench/render", "internal/entra"},
	"bench":                     {"pipeline", "restore", "snapshots", "graph", "manifest", "compress", "repository", "sinks", "simulator"},
	"bench/render":              {"bench", "pipeline"},
	"doctor":                    {"graph", "repository", "internal/transport"},
	"pipeline":                  {"snapshots", "graph", "manifest", "compress", "repository"},
	"restore":                   {"snapshots", "manifest", "compress", "repository"},
	"replicate":                 {"snapshots", "manifest", "repository"},
	"snapshots":                 {"manifest", "repository"},
	"graph":                     {"graph/internal/exportjson", "graph/internal/limits", "graph/internal/links", "graph/internal/transport", "internal/entra", "internal/patience"},
	"graph/internal/exportjson": nil,
	"graph/internal/limits":     nil,
	"graph/internal/links":      nil,
	"graph/internal/transport":  {"graph/internal/links"},
	"internal/patience":         nil,
	"manifest":                  nil,
	"compress":                  {"manifest"}, // the digest type alone
	// Of manifest, repository uses the digest type alone.
	"repository":            {"manifest", "sinks/s3blob", "sinks/azure", "sinks/gcs", "sinks/dirblob", "internal/transport"},
	"sinks":                 {"repository", "sinks/s3blob", "sinks/azure", "sinks/gcs", "sinks/dirblob", "sinks/internal/params", "internal/transport"},
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

// testImports tells what tests may import beyond that. The simulator and its
// client meet in tests, but share no code.
var testImports = map[string][]string{
	"bench":              {"internal/cli", "internal/servers", "internal/race", "bench/render"},
	"internal/cli":       {"internal/servers", "internal/memstore", "compress"},
	"pipeline":           {"restore", "simulator", "sinks", "internal/servers", "internal/race", "internal/memstore", "internal/histories"},
	"replicate":          {"restore", "pipeline", "graph", "simulator", "sinks", "internal/memstore"},
	"restore":            {"pipeline", "graph", "simulator", "sinks", "internal/servers", "internal/memstore"},
	"graph":              {"simulator"},
	"doctor":             {"simulator"},
	"sinks":              {"manifest", "internal/servers", "internal/memstore", "doctor"},
	"repository":         {"internal/memstore"},
	"internal/histories": {"sinks", "internal/servers"},
	"snapshots":          {"internal/memstore"},
	"sinks/s3blob":       {"internal/servers"},
}

// digestOnly lists the packages that may use manifest's digests and nothing
// else of it.
var digestOnly = []string{"compress", "repository"}

func TestImports(t *testing.T) {
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || file == "tools" || strings.HasPrefix(d.Name(), ".") && file != "."):
			return fs.SkipDir
		case !d.IsDir() && strings.HasSuffix(file, ".go"):
			checkFile(t, filepath.ToSlash(file))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkFile(t *testing.T, file string) {
	dir := path.Dir(file)
	if dir == "." {
		dir = ""
	}
	allowed, listed := imports[dir]
	if !listed {
		t.Errorf("%s: package %q is not in the table of imports", file, dir)
		return
	}
	if strings.HasSuffix(file, "_test.go") {
		allowed = append(slices.Clone(allowed), testImports[dir]...)
	}
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	for _, spec := range f.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Error(err)
			continue
		}
		pkg, ours := strings.CutPrefix(name, module+"/")
		if ours && pkg != dir && !slices.Contains(allowed, pkg) {
			t.Errorf("%s: package %q may not import %q", file, dir, pkg)
		}
	}
}

// TestDigestOnly holds the packages of digestOnly to their part of manifest.
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

// uses returns the names that a file takes from a package.
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
