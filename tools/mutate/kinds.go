package main

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// condition makes the condition of an if always false, and always true. The check of an error is
// never made true: every test would notice that.
func (f *finder) condition(cond ast.Expr) {
	f.never(cond)
	if !isErrorCheck(cond) {
		f.wrap(cond, "(", ") || "+f.mutate(cond, "always"))
	}
}

func (f *finder) never(cond ast.Expr) {
	what := "never"
	if isErrorCheck(cond) {
		what = "error ignored"
	}
	f.wrap(cond, "(", ") && !"+f.mutate(cond, what))
}

func isErrorCheck(cond ast.Expr) bool {
	b, ok := cond.(*ast.BinaryExpr)
	if !ok || b.Op != token.NEQ {
		return false
	}
	y, ok := b.Y.(*ast.Ident)
	x, isIdent := b.X.(*ast.Ident)
	return ok && isIdent && y.Name == "nil" && strings.HasSuffix(strings.ToLower(x.Name), "err")
}

// cases makes each case of a switch without a tag false.
func (f *finder) cases(s *ast.SwitchStmt) {
	if s.Tag != nil {
		return
	}
	for _, c := range s.Body.List {
		for _, e := range c.(*ast.CaseClause).List {
			f.never(e)
		}
	}
}

// binary drops either side of a && or ||, and moves the bound of a comparison.
func (f *finder) binary(b *ast.BinaryExpr) {
	switch b.Op {
	case token.LAND:
		for _, side := range []ast.Expr{b.X, b.Y} {
			f.wrap(side, "((", ") || "+f.mutate(side, "dropped "+f.source(side))+")")
		}
	case token.LOR:
		for _, side := range []ast.Expr{b.X, b.Y} {
			f.wrap(side, "((", ") && !"+f.mutate(side, "dropped "+f.source(side))+")")
		}
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		if isPlain(b.X) && isPlain(b.Y) {
			equal := "(" + f.source(b.X) + ") == (" + f.source(b.Y) + ")"
			f.wrap(b, "((", ") != ("+f.mutate(b, "bound of "+f.source(b))+" && "+equal+"))")
		}
	}
}

// isPlain reports whether an expression may be evaluated twice.
func isPlain(e ast.Expr) bool {
	plain := true
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			name, ok := n.Fun.(*ast.Ident)
			plain = plain && ok && slices.Contains([]string{"len", "cap", "int", "int64", "uint64", "float64"}, name.Name)
		case *ast.FuncLit, *ast.BinaryExpr:
			plain = plain && n == e // an inner comparison has a switch of its own
		case *ast.UnaryExpr:
			plain = plain && n.Op != token.ARROW
		}
		return plain
	})
	return plain
}

// statements removes each statement of a list that is removable.
func (f *finder) statements(list []ast.Stmt) {
	for _, s := range list {
		if removable(s) {
			f.wrap(s, "if !"+f.mutate(s, "removed")+" { ", " }")
		}
	}
}

// removable reports whether a test can notice that a statement is missing, and whether the program
// still ends without it.
func removable(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		return ok && !slices.Contains(untouched, called(call))
	case *ast.AssignStmt:
		name, ok := s.Lhs[0].(*ast.Ident)
		return s.Tok != token.DEFINE && !(ok && name.Name == "_")
	case *ast.IncDecStmt:
		return true
	case *ast.BranchStmt:
		return s.Tok == token.CONTINUE
	}
	return false
}

// untouched lists functions whose calls are not removed: they wait, wake others or log.
var untouched = []string{
	"panic", "close", "cancel", "stop", "Lock", "Unlock", "RLock", "RUnlock", "Add", "Done", "Wait", "Go", "Stop", "Reset", "Close", "Broadcast", "Signal",
	"Debug", "Info", "Warn", "Error", "Store",
}

// called returns the name of the called function, without its package or receiver.
func called(call *ast.CallExpr) string {
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		return fun.Name
	case *ast.SelectorExpr:
		return fun.Sel.Name
	}
	return ""
}

// returned makes a return statement return success without evaluating its results, or return the
// opposite of a bool.
func (f *finder) returned(typ *ast.FuncType, r *ast.ReturnStmt) {
	types := results(typ)
	if len(types) == 0 || len(r.Results) == 0 {
		return
	}
	value := r.Results[len(r.Results)-1]
	switch f.source(types[len(types)-1]) {
	case "error":
		if f.source(value) != "nil" {
			f.before(r, "if "+f.mutate(r, "success returned")+" { return "+f.success(types)+" }; ")
		}
	case "bool":
		if len(r.Results) == len(types) {
			f.wrap(value, "(", ") != "+f.mutate(value, "opposite returned"))
		}
	}
}

// results returns the types of a function's results, one for each.
func results(typ *ast.FuncType) (types []ast.Expr) {
	if typ.Results == nil {
		return nil
	}
	for _, field := range typ.Results.List {
		for range max(1, len(field.Names)) {
			types = append(types, field.Type)
		}
	}
	return types
}

// success returns the results of a function that succeeds: zero values, and no error.
func (f *finder) success(types []ast.Expr) string {
	var values []string
	for _, t := range types[:len(types)-1] {
		values = append(values, "*new("+f.source(t)+")")
	}
	return strings.Join(append(values, "nil"), ", ")
}
