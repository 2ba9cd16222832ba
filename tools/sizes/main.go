// Sizes prints how large packages, types, files and functions are, and which exceed the targets of
// CONTRIBUTING.md. Tests, testdata and tools do not count.
package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The targets: more than that is printed by name.
const (
	maxExported = 35 // names of a package
	maxFiles    = 25 // of a folder
	maxMethods  = 25 // of a type
	maxFields   = 15 // of a type
	maxFile     = 200
	maxFunc     = 35
)

// A size is something with a number: a type with its fields, a function with its lines.
type size struct {
	name string
	n    int
}

type sizes struct {
	fset                                             *token.FileSet
	exported, folders, methods, fields, files, funcs map[string]int
}

func main() {
	log.SetFlags(0)
	s := &sizes{
		fset:     token.NewFileSet(),
		exported: map[string]int{}, folders: map[string]int{}, methods: map[string]int{},
		fields: map[string]int{}, files: map[string]int{}, funcs: map[string]int{},
	}
	if err := filepath.WalkDir(".", s.visit); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("lines %d, files %d, packages %d\n", sum(s.files), len(s.files), len(s.folders))
	report("exported names of a package", s.exported, maxExported)
	report("files of a folder", s.folders, maxFiles)
	report("methods of a type", s.methods, maxMethods)
	report("fields of a type", s.fields, maxFields)
	report("lines of a file", s.files, maxFile)
	report("lines of a function", s.funcs, maxFunc)
}

func (s *sizes) visit(path string, d fs.DirEntry, err error) error {
	switch {
	case err != nil:
		return err
	case d.IsDir() && (d.Name() == "testdata" || path == "tools" || strings.HasPrefix(d.Name(), ".") && path != "."):
		return fs.SkipDir
	case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
		return nil
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	f, err := parser.ParseFile(s.fset, path, source, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	dir := filepath.ToSlash(filepath.Dir(path))
	s.files[path] = strings.Count(string(source), "\n")
	s.folders[dir]++
	s.exported[dir] += 0
	for _, decl := range f.Decls {
		s.declaration(dir, decl)
	}
	return nil
}

func (s *sizes) declaration(dir string, decl ast.Decl) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		name := dir + "." + d.Name.Name
		if d.Recv != nil {
			receiver := dir + "." + typeName(d.Recv.List[0].Type)
			s.methods[receiver]++
			name = receiver + "." + d.Name.Name
		} else {
			s.export(dir, d.Name)
		}
		s.funcs[name] = s.fset.Position(d.End()).Line - s.fset.Position(d.Pos()).Line + 1
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			s.specification(dir, spec)
		}
	}
}

func (s *sizes) specification(dir string, spec ast.Spec) {
	switch d := spec.(type) {
	case *ast.ValueSpec:
		s.export(dir, d.Names...)
	case *ast.TypeSpec:
		s.export(dir, d.Name)
		if t, ok := d.Type.(*ast.StructType); ok {
			s.fields[dir+"."+d.Name.Name] = t.Fields.NumFields()
		}
	}
}

func (s *sizes) export(dir string, names ...*ast.Ident) {
	for _, name := range names {
		if name.IsExported() {
			s.exported[dir]++
		}
	}
}

// typeName returns the name of a receiver's type, without its pointer and its parameters.
func typeName(e ast.Expr) string {
	switch t := e.(type) {
	case *ast.StarExpr:
		return typeName(t.X)
	case *ast.IndexExpr:
		return typeName(t.X)
	case *ast.IndexListExpr:
		return typeName(t.X)
	case *ast.Ident:
		return t.Name
	}
	return "?"
}

func sum(of map[string]int) int {
	n := 0
	for _, k := range of {
		n += k
	}
	return n
}

// report prints the distribution of some sizes, and those above a target, the largest first.
func report(what string, of map[string]int, target int) {
	var all []size
	for name, n := range of {
		all = append(all, size{name, n})
	}
	slices.SortFunc(all, func(a, b size) int { return cmp.Or(b.n-a.n, strings.Compare(a.name, b.name)) })
	at := func(percent int) int { return all[(len(all)-1)*(100-percent)/100].n }
	over := slices.DeleteFunc(slices.Clone(all), func(s size) bool { return s.n <= target })
	fmt.Printf("\n%s: mean %.1f, median %d, 90%% %d, 99%% %d, max %d; %d of %d above %d\n",
		what, float64(sum(of))/float64(len(all)), at(50), at(90), at(99), all[0].n, len(over), len(all), target)
	for _, s := range over {
		fmt.Printf("  %4d %s\n", s.n, s.name)
	}
}
