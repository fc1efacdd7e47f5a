package arch

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	// leastDeadline is the least time that a test waits for a server: a busy machine takes some seconds for what
	// takes an idle one some milliseconds.
	leastDeadline = 2 * time.Minute
	// leastTimeout is the least time that the tests of a package have.
	leastTimeout = time.Hour
)

// TestFault_E12_OnlyAHangReachesADeadlineOfTheTests: at a load of 20 on two cores a database took more than the 15
// seconds that a test waited for it, and the tests of a package more than 15 minutes.
func TestFault_E12_OnlyAHangReachesADeadlineOfTheTests(t *testing.T) {
	deadlines := 0
	for _, s := range repository(t) {
		if s.File == nil || !strings.HasPrefix(s.Path, "test/harness/") {
			continue
		}
		ast.Inspect(s.File, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || !strings.HasSuffix(spec.Names[0].Name, "Limit") && spec.Names[0].Name != "creation" {
				return true
			}
			if d := durationOf(spec.Values[0]); d > 0 {
				deadlines++
				if d < leastDeadline {
					t.Errorf("%s: %s is %s, want %s at least", s.Set.Position(spec.Pos()), spec.Names[0].Name, d, leastDeadline)
				}
			}
			return true
		})
	}
	if deadlines == 0 {
		t.Error("test/harness has no deadline: have they moved?")
	}
	makefile, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	timeouts := regexp.MustCompile(`-timeout (\S+)`).FindAllStringSubmatch(string(makefile), -1)
	for _, found := range timeouts {
		if d, err := time.ParseDuration(found[1]); err != nil || d < leastTimeout {
			t.Errorf("Makefile: %s, want %s at least", found[0], leastTimeout)
		}
	}
	if len(timeouts) == 0 {
		t.Error("no target of the Makefile has a timeout of its own: go test has one of ten minutes")
	}
}

// durationOf returns the value of an expression such as 5 * time.Minute; 0 for any other one.
func durationOf(e ast.Expr) time.Duration {
	product, ok := e.(*ast.BinaryExpr)
	if !ok {
		return 0
	}
	number, isNumber := product.X.(*ast.BasicLit)
	unit, isUnit := product.Y.(*ast.SelectorExpr)
	if !isNumber || !isUnit {
		return 0
	}
	n, err := strconv.Atoi(number.Value)
	if err != nil {
		return 0
	}
	return time.Duration(n) * map[string]time.Duration{"Millisecond": time.Millisecond, "Second": time.Second, "Minute": time.Minute, "Hour": time.Hour}[unit.Sel.Name]
}
