package docsite

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"

	"github.com/vidocu/usher/gateway/internal/page"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// newMarkdown returns the renderer of a site's own texts: it must not be given text from outside. Links
// to files that the site does not serve become plain text, or are left out where they stand alone in
// parentheses; in blocks of code the addresses of a development server become those of the site.
func newMarkdown(address func(file string) (path string, ok bool), origins *strings.Replacer) goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(extension.Table),
		goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(linker{address}, 100))),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(elements{origins}, 100))),
	)
}

// render returns the page of a text, whose heading of the first level is its title. Its sections are the
// headings of the second level.
func render(engine goldmark.Markdown, source []byte) page.DocsPage {
	root := engine.Parser().Parse(text.NewReader(source))
	a := page.DocsPage{Sections: anchors(root, source)}
	if first, ok := root.FirstChild().(*ast.Heading); ok && first.Level == 1 {
		a.Title = plain(first, source)
		root.RemoveChild(root, first)
	}
	var out bytes.Buffer
	if err := engine.Renderer().Render(&out, source, root); err != nil {
		panic(fmt.Sprintf("rendering %q: %v", a.Title, err)) // a buffer accepts every write
	}
	a.HTML = template.HTML(out.String()) //nolint:gosec // the text is of this repository, and its markup is escaped
	return a
}

// anchors gives each heading an anchor, as the hosts of repositories do: lower case, words with
// dashes between, nothing else. It returns links to the sections.
func anchors(root ast.Node, source []byte) []page.Link {
	used := map[string]int{}
	var sections []page.Link
	for node := root.FirstChild(); node != nil; node = node.NextSibling() {
		heading, ok := node.(*ast.Heading)
		if !ok {
			continue
		}
		title := plain(heading, source)
		name := anchor(title)
		if used[name]++; used[name] > 1 {
			name = fmt.Sprintf("%s-%d", name, used[name]-1)
		}
		heading.SetAttributeString("id", name)
		if heading.Level == 2 {
			sections = append(sections, page.Link{Address: "#" + name, Text: title})
		}
	}
	return sections
}

// anchor returns the anchor of a heading.
func anchor(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		}
		return -1
	}, strings.ToLower(title))
}

// plain returns the text of a node without markup.
func plain(node ast.Node, source []byte) string {
	var b strings.Builder
	for child := node.FirstChild(); child != nil; child = child.NextSibling() {
		switch n := child.(type) {
		case *ast.Text:
			b.Write(n.Segment.Value(source))
		case *ast.String:
			b.Write(n.Value)
		default:
			b.WriteString(plain(child, source))
		}
	}
	return b.String()
}

// linker rewrites the links between files to links between pages.
type linker struct {
	address func(file string) (path string, ok bool)
}

// Transform is parser.ASTTransformer.
func (l linker) Transform(root *ast.Document, reader text.Reader, _ parser.Context) {
	var links []*ast.Link
	// The walker returns no error of its own.
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if link, ok := n.(*ast.Link); ok && entering {
			links = append(links, link)
		}
		return ast.WalkContinue, nil
	})
	for _, link := range links {
		destination := string(link.Destination)
		if strings.HasPrefix(destination, "#") || strings.HasPrefix(destination, "/") || strings.Contains(destination, "://") {
			continue
		}
		file, fragment, hasFragment := strings.Cut(destination, "#")
		if path, ok := l.address(file); ok {
			if hasFragment {
				path += "#" + fragment
			}
			link.Destination = []byte(path)
			continue
		}
		if !dropReference(link, reader.Source()) {
			unlink(link)
		}
	}
}

// dropReference removes a link that stands alone in parentheses, and the parentheses: a reader of the site cannot follow it. It
// returns false for every other link.
func dropReference(link *ast.Link, source []byte) bool {
	before, opens := link.PreviousSibling().(*ast.Text)
	after, closes := link.NextSibling().(*ast.Text)
	if !opens || !closes || before.SoftLineBreak() || !bytes.HasSuffix(before.Value(source), []byte("(")) || !bytes.HasPrefix(after.Value(source), []byte(")")) {
		return false
	}
	rest := bytes.TrimRight(before.Value(source), " (")
	before.Segment = text.NewSegment(before.Segment.Start, before.Segment.Start+len(rest))
	after.Segment = text.NewSegment(after.Segment.Start+1, after.Segment.Stop)
	if last, ok := before.PreviousSibling().(*ast.Text); ok && len(rest) == 0 { // the parenthesis began a line
		last.SetSoftLineBreak(false)
	}
	link.Parent().RemoveChild(link.Parent(), link)
	return true
}

// unlink replaces a link by its content.
func unlink(link *ast.Link) {
	parent := link.Parent()
	for child := link.FirstChild(); child != nil; {
		next := child.NextSibling()
		parent.InsertBefore(parent, link, child)
		child = next
	}
	parent.RemoveChild(parent, link)
}
