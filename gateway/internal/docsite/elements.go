package docsite

import (
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	table "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// elements render what a page needs differently from the library: headings that link to themselves,
// blocks and tables that scroll on their own and can be scrolled with the keyboard, and cells of a
// heading that are empty.
type elements struct{ origins *strings.Replacer }

// RegisterFuncs is renderer.NodeRenderer.
func (e elements) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindHeading, heading)
	r.Register(ast.KindFencedCodeBlock, e.code)
	r.Register(table.KindTable, wideTable)
	r.Register(table.KindTableCell, cell)
}

// heading writes a heading, which links to itself.
func heading(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	n, ok := node.(*ast.Heading)
	if !ok { // it is registered for headings alone
		return ast.WalkContinue, nil
	}
	tag := "h" + strconv.Itoa(n.Level)
	id, _ := n.AttributeString("id")
	name, _ := id.(string)
	if entering {
		write(w, "<", tag, ` id="`, name, `"><a href="#`, name, `">`)
	} else {
		write(w, "</a></", tag, ">\n")
	}
	return ast.WalkContinue, nil
}

// code writes a block of code.
func (e elements) code(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	var b strings.Builder
	lines := node.Lines()
	for i := range lines.Len() {
		line := lines.At(i)
		b.Write(line.Value(source))
	}
	open, end := `<pre tabindex="0"><code>`, "</code></pre>\n"
	if block, ok := node.(*ast.FencedCodeBlock); ok {
		switch language := string(block.Language(source)); {
		case language == "http":
			open = `<pre class="address"><code>` // one long line
		case folded(block, source):
			open, end = `<details class="more"><summary>`+languageName(language)+"</summary>\n"+open, "</code></pre></details>\n"
		}
	}
	write(w, open)
	_, _ = w.Write(util.EscapeHTML([]byte(e.origins.Replace(b.String()))))
	write(w, end)
	return ast.WalkSkipChildren, nil
}

// folded reports whether the info string of a block says "fold" after the language: the block is the same
// example in another language, which the reader opens.
func folded(block *ast.FencedCodeBlock, source []byte) bool {
	return block.Info != nil && strings.HasSuffix(string(block.Info.Value(source)), " fold")
}

// languageName returns the name of a language in the info string of a block.
func languageName(language string) string {
	switch language {
	case "go":
		return "Go"
	case "python":
		return "Python"
	case "ts":
		return "TypeScript"
	}
	return language
}

// wideTable writes a table, which may be wider than a narrow screen.
func wideTable(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		write(w, `<div class="wide" tabindex="0"><table>`+"\n")
		return ast.WalkContinue, nil
	}
	write(w, "</table></div>\n")
	return ast.WalkContinue, nil
}

// cell writes a cell of a table.
func cell(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	open, end := "<td>", "</td>\n"
	if node.Parent().Kind() == table.KindTableHeader && node.HasChildren() {
		open, end = `<th scope="col">`, "</th>\n"
	}
	if entering {
		write(w, open)
	} else {
		write(w, end)
	}
	return ast.WalkContinue, nil
}

func write(w util.BufWriter, parts ...string) {
	for _, part := range parts {
		_, _ = w.WriteString(part) // the renderer reports a failed write when it flushes
	}
}
