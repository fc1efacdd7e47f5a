package arch

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// timeless are the packages that decide whether a token is valid. Replicas' clocks differ, so these
// packages use only the database's, in the statement that decides.
var timeless = []string{"grant", "store", "introspect", "access", "apikey", "usertoken", "ending", "seal"}

// Clocked reports every use of the process's clock in them.
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
				breaches = append(breaches, fmt.Sprintf("%s reads the process's clock: use the database's", s.Set.Position(asked.Pos())))
			}
			return true
		})
	}
	return breaches
}
