package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"testing"
)

// described matches a comment that begins as the description of a name.
var described = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*) (?:returns|reports|is|are|adds|counts|posts|has)\b`)

// pronouns begin a comment that names nothing.
var pronouns = []string{"It", "This", "That", "These", "Each", "All", "One", "Nothing", "Everything"}

// misnamed returns the declarations of a file whose comment describes another name, each with that name.
func misnamed(file *ast.File) map[string]string {
	found := map[string]string{}
	check := func(doc *ast.CommentGroup, names ...*ast.Ident) {
		other := described.FindStringSubmatch(doc.Text())
		if len(names) == 0 || other == nil || slices.Contains(pronouns, other[1]) {
			return
		}
		if !slices.ContainsFunc(names, func(n *ast.Ident) bool { return n.Name == other[1] }) {
			found[names[0].Name] = other[1]
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			check(n.Doc, n.Name)
		case *ast.TypeSpec:
			check(n.Doc, n.Name)
		case *ast.ValueSpec:
			check(n.Doc, n.Names...)
		case *ast.Field:
			check(n.Doc, n.Names...)
		case *ast.GenDecl:
			if one, ok := n.Specs[0].(*ast.TypeSpec); ok && !n.Lparen.IsValid() {
				check(n.Doc, one.Name)
			}
		}
		return true
	})
	return found
}

// TestACommentDescribesTheNameBelowIt: a comment that kept the old name after a renaming is not found by
// the new one.
func TestACommentDescribesTheNameBelowIt(t *testing.T) {
	sources, err := Sources(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources {
		if s.File == nil {
			continue
		}
		for name, other := range misnamed(s.File) {
			t.Errorf("%s: the comment of %s describes %s", s.Path, name, other)
		}
	}
	const planted = `package p

// Find returns one.
func Get() {}

// old is a type.
type fresh struct {
	// other is a field.
	field int
	// It is without its name.
	good int
}

// Reader reads.
type Reader interface {
	// Check reports it.
	Peek() bool
	// Read returns all.
	Read() int
}
`
	file, err := parser.ParseFile(token.NewFileSet(), "planted.go", planted, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	if found := misnamed(file); len(found) != 4 || found["Get"] != "Find" || found["fresh"] != "old" || found["field"] != "other" || found["Peek"] != "Check" {
		t.Errorf("of the planted comments it found %v", found)
	}
}
