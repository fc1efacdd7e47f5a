package arch

import (
	"fmt"
	"go/ast"
	"slices"
	"strconv"
)

// skips are the methods of testing.TB that skip a test.
var skips = []string{"Skip", "Skipf", "SkipNow"}

// Skipped reports every place that skips a test. A test that needs something either brings it or
// fails.
func Skipped(sources []Source) []string {
	var breaches []string
	for _, s := range sources {
		if s.File == nil || !importsTesting(s.File) {
			continue
		}
		ast.Inspect(s.File, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if fn, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains(skips, fn.Sel.Name) {
				breaches = append(breaches, fmt.Sprintf("%s skips a test", s.Set.Position(call.Pos())))
			}
			return true
		})
	}
	return breaches
}

func importsTesting(file *ast.File) bool {
	return slices.ContainsFunc(file.Imports, func(spec *ast.ImportSpec) bool {
		path, err := strconv.Unquote(spec.Path.Value)
		return err == nil && path == "testing"
	})
}
