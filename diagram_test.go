package mailhaul_test

import (
	"flag"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the diagram of packages into docs/architecture.md")

const architecture = "docs/architecture.md"

// diagramText is the block of docs/architecture.md that holds the diagram.
var diagramText = regexp.MustCompile("(?s)(<!-- diagram -->\n```\n)(.*?)(```\n)")

// packageRow is a row of the table of packages.
var packageRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")

// TestDiagram compares the diagram of docs/architecture.md with the imports of the code.
func TestDiagram(t *testing.T) {
	code, _ := readImports(t)
	want := diagram(code)
	doc := readArchitecture(t)
	found := diagramText.FindStringSubmatch(doc)
	if found == nil {
		t.Fatalf("%s has no diagram: a line <!-- diagram --> and a block of code", architecture)
	}
	if found[2] == want {
		return
	}
	if !*update {
		t.Fatalf("the diagram in %s is not that of the code. Run: go test . -run TestDiagram -update\nwhich writes:\n%s", architecture, want)
	}
	doc = strings.Replace(doc, found[0], found[1]+want+found[3], 1)
	if err := os.WriteFile(architecture, []byte(doc), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestPackageTable checks that the table of docs/architecture.md has every package once.
func TestPackageTable(t *testing.T) {
	code, _ := readImports(t)
	delete(code, "") // this test
	doc := readArchitecture(t)
	_, table, _ := strings.Cut(doc, "\n| package | what it is for |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := map[string]int{}
	for _, row := range packageRow.FindAllStringSubmatch(table, -1) {
		rows[row[1]]++
	}
	for _, pkg := range slices.Sorted(maps.Keys(code)) {
		if rows[pkg] != 1 {
			t.Errorf("%s has %d rows for package %s in its table of packages. Write one: | `%s` | what it is for |", architecture, rows[pkg], pkg, pkg)
		}
		delete(rows, pkg)
	}
	for _, pkg := range slices.Sorted(maps.Keys(rows)) {
		t.Errorf("%s has a row for package %s, which does not exist: remove it", architecture, pkg)
	}
}

func readArchitecture(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile(architecture)
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

// diagram draws the packages that the program links, one a line, in layers: each package stands
// above all that it imports. It leaves out an import that is also an import of another import, and
// packages in folders named internal, which are parts of those beside them.
func diagram(code map[string][]string) string {
	code = withoutParts(code)
	layers, width := map[int][]string{}, 0
	for pkg := range reachable(code, "cmd/mailhaul") {
		n := layer(code, pkg)
		layers[n] = append(layers[n], pkg)
		width = max(width, len(pkg))
	}
	var b strings.Builder
	for n := len(layers) - 1; n >= 0; n-- {
		slices.Sort(layers[n])
		for _, pkg := range layers[n] {
			b.WriteString(pkg)
			if direct := reduced(code, pkg); len(direct) > 0 {
				b.WriteString(" " + strings.Repeat("─", width-len(pkg)+2) + "▶ " + strings.Join(direct, ", "))
			}
			b.WriteByte('\n')
		}
		if n > 0 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// withoutParts returns the imports of the packages that are not in a folder named internal of
// another package. Each has the imports of the parts that it imports.
func withoutParts(code map[string][]string) map[string][]string {
	isPart := func(pkg string) bool { return strings.Contains(pkg, "/internal/") }
	rest := map[string][]string{}
	for pkg := range code {
		if isPart(pkg) {
			continue
		}
		pending := slices.Clone(code[pkg])
		for len(pending) > 0 {
			name := pending[0]
			pending = pending[1:]
			if isPart(name) {
				pending = append(pending, code[name]...)
			} else if !slices.Contains(rest[pkg], name) {
				rest[pkg] = append(rest[pkg], name)
			}
		}
		slices.Sort(rest[pkg])
	}
	return rest
}

// reachable returns a package and all that it imports, directly or not.
func reachable(code map[string][]string, pkg string) map[string]bool {
	all := map[string]bool{pkg: true}
	for _, name := range code[pkg] {
		maps.Copy(all, reachable(code, name))
	}
	return all
}

// layer returns 0 for a package without imports, and 1 more than its highest import otherwise.
func layer(code map[string][]string, pkg string) int {
	n := 0
	for _, name := range code[pkg] {
		n = max(n, layer(code, name)+1)
	}
	return n
}

// reduced returns the imports of a package that are not imports of its other imports, directly or
// not.
func reduced(code map[string][]string, pkg string) []string {
	return slices.DeleteFunc(slices.Clone(code[pkg]), func(name string) bool {
		return slices.ContainsFunc(code[pkg], func(other string) bool {
			return other != name && reachable(code, other)[name]
		})
	})
}
