package arch

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
)

// causes is one enum, which protobuf cannot divide among files.
const causes = "proto/usher/error/v1/cause.proto"

// Oversized reports files and functions that exceed the limits.
func Oversized(sources []Source) []string {
	var breaches []string
	for _, s := range sources {
		if s.Lines > MaxFileLines && s.Path != causes {
			breaches = append(breaches, fmt.Sprintf("%s has %d lines, the limit is %d", s.Path, s.Lines, MaxFileLines))
		}
		if s.File == nil || s.IsTest() {
			continue
		}
		for _, decl := range s.File.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			first, last := s.Set.Position(fn.Pos()), s.Set.Position(fn.End())
			if lines := last.Line - first.Line + 1; lines > MaxFuncLines {
				breaches = append(breaches, fmt.Sprintf("%s: %s has %d lines, the limit is %d", first, fn.Name.Name, lines, MaxFuncLines))
			}
		}
	}
	return breaches
}

// Undocumented reports packages without a package comment.
func Undocumented(sources []Source) []string {
	documented := map[string]bool{}
	for _, s := range sources {
		if s.File == nil {
			continue
		}
		dir := path.Dir(s.Path)
		documented[dir] = documented[dir] || s.File.Doc != nil
	}
	var breaches []string
	for dir, ok := range documented {
		if !ok {
			breaches = append(breaches, dir+" has no package comment: say what it owns and what it never does")
		}
	}
	slices.Sort(breaches)
	return breaches
}
