// Package mailhaul_test checks the project as a whole: which package imports which, and what
// docs/architecture.md says about that.
package mailhaul_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os/exec"
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
	"":             nil,
	"cmd/mailhaul": {"internal/cli"},
	"internal/cli": {
		"bench", "bench/lab", "bench/lab/yardstick", "bench/nowhere", "bench/render", "bench/report",
		"doctor", "graph", "internal/cli/internal/coverage", "internal/cli/internal/flags",
		"internal/cli/internal/memory", "internal/cli/internal/observe",
		"internal/cli/internal/text", "internal/entra", "manifest", "pipeline", "replicate",
		"repository", "repository/store", "restore", "simulator", "sinks", "snapshots",
	},
	"internal/cli/internal/coverage": {"internal/cli/internal/text", "manifest", "snapshots"},
	"internal/cli/internal/flags":    {"pipeline", "sinks"},
	"internal/cli/internal/memory":   {"pipeline"},
	"internal/cli/internal/observe": {
		"graph", "internal/cli/internal/text", "pipeline", "replicate", "restore",
	},
	"internal/cli/internal/text": {"pipeline"},
	"doctor":                     {"graph", "internal/transport", "repository", "repository/store"},
	"bench": {
		"bench/internal/machine", "bench/internal/scratch", "bench/nowhere", "bench/report", "graph",
		"manifest", "pipeline", "repository", "snapshots",
	},
	"bench/internal/machine": {"bench/report"},
	"bench/internal/scratch": {"bench/report", "repository", "repository/store", "sinks"},
	"bench/lab": {
		"bench/internal/machine", "bench/internal/scratch", "bench/lab/yardstick", "bench/nowhere",
		"bench/report", "pipeline", "simulator", "sinks",
	},
	"bench/lab/yardstick": {
		"bench/internal/machine", "bench/nowhere", "bench/report", "compress", "graph", "manifest",
		"repository",
	},
	"bench/nowhere": nil,
	"bench/render":  {"bench/report", "pipeline"},
	"bench/report":  {"pipeline"},
	"pipeline": {
		"graph", "internal/rows", "manifest", "pipeline/internal/health", "pipeline/internal/index",
		"pipeline/internal/packing", "pipeline/internal/paths", "pipeline/internal/position",
		"pipeline/internal/segments", "pipeline/internal/stage", "repository", "snapshots",
	},
	"pipeline/internal/health":   {"graph"},
	"pipeline/internal/index":    {"internal/rows", "manifest"},
	"pipeline/internal/packing":  {"compress", "manifest", "pipeline/internal/stage", "repository"},
	"pipeline/internal/paths":    nil,
	"pipeline/internal/position": {"manifest"},
	"pipeline/internal/segments": {
		"internal/rows", "manifest", "pipeline/internal/stage", "repository",
	},
	"pipeline/internal/stage": {"graph"},
	"restore":                 {"compress", "manifest", "repository", "snapshots"},
	"replicate":               {"manifest", "repository", "snapshots"},
	"snapshots":               {"internal/rows", "manifest", "repository"},
	"repository":              {"internal/patience", "manifest", "repository/store"},
	"repository/store":        nil,
	"sinks": {
		"repository", "sinks/azure", "sinks/dirblob", "sinks/gcs", "sinks/internal/params",
		"sinks/s3blob",
	},
	"sinks/azure": {
		"internal/entra", "internal/transport", "repository/store", "sinks/internal/layer",
		"sinks/internal/params",
	},
	"sinks/dirblob": {"repository/store"},
	"sinks/gcs": {
		"internal/transport", "repository/store", "sinks/internal/layer", "sinks/internal/params",
	},
	"sinks/internal/layer":  {"repository/store"},
	"sinks/internal/params": nil,
	"sinks/s3blob":          {"internal/transport", "repository/store", "sinks/internal/params"},
	"graph": {
		"graph/internal/exportjson", "graph/internal/limits", "graph/internal/links",
		"graph/internal/transport", "internal/entra", "internal/patience",
	},
	"graph/internal/exportjson": nil,
	"graph/internal/limits":     nil,
	"graph/internal/links":      nil,
	"graph/internal/transport":  {"graph/internal/links"},
	"manifest":                  nil,
	"compress":                  {"manifest"},
	"fasttransfer":              nil,
	"simulator": {
		"simulator/internal/content", "simulator/internal/entra", "simulator/internal/mailbox",
		"simulator/internal/odata", "simulator/internal/rng", "simulator/internal/wire",
	},
	"simulator/internal/content": {"fasttransfer", "simulator/internal/rng"},
	"simulator/internal/entra":   {"simulator/internal/odata", "simulator/internal/rng"},
	"simulator/internal/mailbox": {"simulator/internal/content", "simulator/internal/rng"},
	"simulator/internal/odata":   nil,
	"simulator/internal/rng":     nil,
	"simulator/internal/wire":    nil,
	"internal/entra":             nil,
	"internal/histories": {
		"graph", "internal/memstore", "manifest", "pipeline", "repository", "restore", "simulator",
		"snapshots",
	},
	"internal/memstore":  nil,
	"internal/patience":  nil,
	"internal/race":      nil,
	"internal/rows":      {"manifest"},
	"internal/servers":   nil,
	"internal/transport": {"repository/store"},
}

// testImports lists what the tests of a package may import besides. Only tests use the simulator
// and its client together: the two share no code.
var testImports = map[string][]string{
	"internal/cli":        {"internal/memstore", "internal/servers"},
	"doctor":              {"simulator"},
	"bench":               {"bench/render", "internal/race", "internal/servers", "simulator", "sinks"},
	"bench/lab":           {"bench/render", "internal/cli", "internal/servers"},
	"bench/lab/yardstick": {"simulator"},
	"bench/nowhere":       {"manifest", "repository"},
	"pipeline": {
		"compress", "internal/histories", "internal/memstore", "internal/race", "restore",
		"simulator",
	},
	"restore":            {"graph", "internal/memstore", "pipeline", "repository/store", "simulator", "sinks"},
	"replicate":          {"graph", "internal/memstore", "pipeline", "restore", "simulator", "sinks"},
	"snapshots":          {"graph", "pipeline", "simulator"},
	"repository":         {"internal/memstore"},
	"sinks":              {"doctor", "internal/memstore", "internal/servers", "manifest", "repository/store"},
	"sinks/s3blob":       {"internal/servers"},
	"graph":              {"simulator"},
	"internal/histories": {"internal/servers", "sinks"},
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
