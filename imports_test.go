// Package mailhaul_test holds what is true of the project as a whole.
package mailhaul_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/mailhaul/mailhaul"

// imports lists for every package the packages of the project that it may import. Arrows go down:
// docs/architecture.md draws them. A test file may also import the packages in testImports.
var imports = map[string][]string{
	"":                          nil, // this test
	"cmd/mailhaul":              {"internal/cli"},
	"internal/cli":              {"pipeline", "restore", "replicate", "snapshots", "graph", "manifest", "repository", "repository/store", "sinks", "doctor", "simulator", "bench", "bench/render", "internal/entra"},
	"bench":                     {"pipeline", "restore", "snapshots", "graph", "manifest", "compress", "repository", "repository/store", "sinks", "simulator"},
	"bench/render":              {"bench", "pipeline"},
	"doctor":                    {"graph", "repository", "repository/store", "internal/transport"},
	"pipeline":                  {"pipeline/internal/stage", "pipeline/internal/index", "pipeline/internal/packing", "pipeline/internal/segments", "pipeline/internal/paths", "pipeline/internal/position", "pipeline/internal/health", "snapshots", "graph", "manifest", "repository"},
	"restore":                   {"snapshots", "manifest", "compress", "repository"},
	"replicate":                 {"snapshots", "manifest", "repository"},
	"snapshots":                 {"manifest", "repository"},
	"graph":                     {"graph/internal/exportjson", "internal/entra"},
	"graph/internal/exportjson": nil,
	"manifest":                  nil,
	"compress":                  {"manifest"}, // the digest type alone
	// Of manifest, repository uses the digest type alone.
	"repository":            {"manifest", "repository/store"},
	"sinks":                 {"repository", "repository/store", "sinks/s3blob", "sinks/azure", "sinks/gcs", "sinks/dirblob", "sinks/internal/params", "internal/transport"},
	"repository/store":      nil,
	"sinks/s3blob":          {"repository/store", "sinks/internal/params", "internal/transport"},
	"sinks/azure":           {"repository/store", "internal/entra", "sinks/internal/layer", "sinks/internal/params", "internal/transport"},
	"sinks/gcs":             {"repository/store", "sinks/internal/layer", "sinks/internal/params", "internal/transport"},
	"sinks/dirblob":         {"repository/store"},
	"sinks/internal/layer":  {"repository/store"},
	"sinks/internal/params": nil,
	"internal/transport":    {"repository/store"},
	"simulator": {"simulator/internal/content", "simulator/internal/entra", "simulator/internal/mailbox", "simulator/internal/odata",
		"simulator/internal/rng", "simulator/internal/wire"},
	"simulator/internal/mailbox": {"simulator/internal/content", "simulator/internal/rng"},
	"simulator/internal/content": {"fasttransfer", "simulator/internal/rng"},
	"simulator/internal/entra":   {"simulator/internal/odata", "simulator/internal/rng"},
	"simulator/internal/odata":   nil,
	"simulator/internal/rng":     nil,
	"simulator/internal/wire":    nil,
	"fasttransfer":               nil,
	"internal/entra":             nil,
	"internal/servers":           nil,
	"internal/race":              nil,
	"internal/memstore":          nil,
	"internal/histories":         {"pipeline", "restore", "snapshots", "graph", "manifest", "repository", "simulator", "internal/memstore"},
	// The parts of pipeline
	"pipeline/internal/packing":  {"pipeline/internal/stage", "manifest", "compress", "repository"},
	"pipeline/internal/segments": {"pipeline/internal/stage", "manifest", "repository"},
	"pipeline/internal/index":    {"manifest"},
	"pipeline/internal/position": {"manifest"},
	"pipeline/internal/health":   {"graph"},
	"pipeline/internal/paths":    nil,
	"pipeline/internal/stage":    {"graph"}, // for traces of its requests
}

// testImports lists what tests may import beyond that. The simulator and its client meet in tests,
// but share no code.
var testImports = map[string][]string{
	"bench":              {"internal/cli", "internal/servers", "internal/race", "bench/render"},
	"internal/cli":       {"internal/servers", "internal/memstore", "compress"},
	"pipeline":           {"compress", "restore", "simulator", "sinks", "internal/servers", "internal/race", "internal/memstore", "internal/histories"},
	"replicate":          {"restore", "pipeline", "graph", "simulator", "sinks", "internal/memstore"},
	"restore":            {"repository/store", "pipeline", "graph", "simulator", "sinks", "internal/servers", "internal/memstore"},
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

// clients are the modules of clients for stores, by the beginning of their packages' paths.
var clients = []string{
	"github.com/minio/", "github.com/aws/", "github.com/Azure/", "cloud.google.com/", "google.golang.org/", "gocloud.dev/",
	module + "/sinks", module + "/internal/transport",
}

// TestLinks: a program that brings its own bucket links no client of a store, beyond what Go CDK's
// blob package links itself. Packages that import graph also link azcore and azidentity, for
// Microsoft Entra ID.
func TestLinks(t *testing.T) {
	entra := []string{"github.com/Azure/azure-sdk-for-go/sdk/azcore", "github.com/Azure/azure-sdk-for-go/sdk/azidentity", "github.com/Azure/azure-sdk-for-go/sdk/internal"}
	allowed := linked(t, "gocloud.dev/blob")
	for _, pkg := range []string{"repository", "snapshots", "restore", "replicate", "pipeline"} {
		links := linked(t, module+"/"+pkg)
		for _, link := range links {
			isEntra := slices.Contains(links, module+"/graph") && hasPrefix(link, entra)
			if hasPrefix(link, clients) && !slices.Contains(allowed, link) && !isEntra {
				t.Errorf("package %q links %q", pkg, link)
			}
		}
	}
}

// linked returns the paths of the packages that a package links.
func linked(t *testing.T, pkg string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", pkg).Output()
	if err != nil {
		t.Fatalf("go list %s: %v", pkg, err)
	}
	return strings.Fields(string(out))
}

func hasPrefix(pkg string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(pkg, prefix) })
}
