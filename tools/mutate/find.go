package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// A finder finds the places of a file that mutations change, and puts a switch at each.
type finder struct {
	fset  *token.FileSet
	src   []byte
	name  string // the file's
	next  func(mutant) int
	edits []edit
	tails []edit // the ends of wrapped nodes, the outermost first
}

// find returns the source of a file with a switch for each mutation. next numbers the mutations.
func find(name string, src []byte, next func(mutant) int) ([]byte, error) {
	f := &finder{fset: token.NewFileSet(), src: src, name: name, next: next}
	file, err := parser.ParseFile(f.fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, d := range file.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			f.function(fn.Type, fn.Body)
		}
	}
	return apply(src, append(reversed(f.tails), f.edits...)), nil
}

// function puts switches into a function and its function literals.
func (f *finder) function(typ *ast.FuncType, body *ast.BlockStmt) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			f.function(n.Type, n.Body)
			return false
		case *ast.BlockStmt:
			f.statements(n.List)
		case *ast.CaseClause:
			f.statements(n.Body)
		case *ast.CommClause:
			f.statements(n.Body)
		case *ast.ReturnStmt:
			f.returned(typ, n)
		case *ast.IfStmt:
			f.condition(n.Cond)
		case *ast.SwitchStmt:
			f.cases(n)
		case *ast.BinaryExpr:
			f.binary(n)
		}
		return true
	})
}

// mutate numbers a mutation of a node and returns the condition under which it is on.
func (f *finder) mutate(n ast.Node, what string) string {
	line := f.fset.Position(n.Pos()).Line
	text := strings.TrimSpace(strings.Split(string(f.src), "\n")[line-1])
	return fmt.Sprintf("mutated(%d)", f.next(mutant{file: f.name, line: line, what: what, text: text}))
}

// wrap puts text around a node. Of two texts around the same node, the first is outside.
func (f *finder) wrap(n ast.Node, before, after string) {
	f.edits = append(f.edits, edit{f.offset(n.Pos()), before})
	f.tails = append(f.tails, edit{f.offset(n.End()), after})
}

// before puts text before a node.
func (f *finder) before(n ast.Node, text string) {
	f.edits = append(f.edits, edit{f.offset(n.Pos()), text})
}

func (f *finder) offset(p token.Pos) int { return f.fset.Position(p).Offset }

func (f *finder) source(n ast.Node) string { return string(f.src[f.offset(n.Pos()):f.offset(n.End())]) }

func reversed(edits []edit) []edit {
	out := make([]edit, 0, len(edits))
	for i := len(edits) - 1; i >= 0; i-- {
		out = append(out, edits[i])
	}
	return out
}
