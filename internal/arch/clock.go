package arch

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// timeless are the packages that decide what a token is worth. Replicas' clocks differ, so none of them is asked there: the
// database's is, in the statement that decides.
var timeless = []string{"grant", "store", "introspect", "access", "apikey", "usertoken", "ending", "seal"}

// Clocked reports every place in them that asks the process's clock.
func Clocked(sources []Source) []string {
	var breaches []string
	for _, s := range sources {
		rest, inside := strings.CutPrefix(s.Path, "services/token/internal/")
		name, _, _ := strings.Cut(rest, "/")
		if !inside || s.File == nil || s.IsTest() || !slices.Contains(timeless, name) || strings.Contains(rest, "storetest/") {
			continue
		}
		ast.Inspect(s.File, func(n ast.Node) bool {
			asked, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			from, ok := asked.X.(*ast.Ident)
			if ok && from.Name == "time" && slices.Contains([]string{"Now", "Since", "Until"}, asked.Sel.Name) {
				breaches = append(breaches, fmt.Sprintf("%s asks the process's clock, the database's decides", s.Set.Position(asked.Pos())))
			}
			return true
		})
	}
	return breaches
}
