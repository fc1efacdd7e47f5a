package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
)

// logWriters are the SQL fragments of statements that write to the revocation log.
var logWriters = []string{"INTO revocations", "UPDATE revocations", "UPDATE revocation_head"}

// logPackage is the only package that may: there a transaction that appends returns when every
// replica has read the entry (docs/adr/0011-an-ending-is-one-row.md).
const logPackage = "services/token/internal/store/revlog/"

// LogWriters reports every statement outside that package that writes to the revocation log: it
// would not wait for the replicas.
func LogWriters(sources []Source) []string {
	var breaches []string
	for _, s := range sources {
		if s.File == nil || s.IsTest() || !strings.HasPrefix(s.Path, "services/token/") || strings.HasPrefix(s.Path, logPackage) {
			continue
		}
		ast.Inspect(s.File, func(n ast.Node) bool {
			text, ok := n.(*ast.BasicLit)
			if !ok || text.Kind != token.STRING {
				return true
			}
			for _, writer := range logWriters {
				if strings.Contains(text.Value, writer) {
					breaches = append(breaches, fmt.Sprintf("%s writes to the revocation log without waiting for the replicas", s.Set.Position(text.Pos())))
				}
			}
			return true
		})
	}
	return breaches
}
