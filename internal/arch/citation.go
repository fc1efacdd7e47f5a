package arch

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Text is a file of the repository that was not generated.
type Text struct {
	// Path is relative to the repository's root, with slashes.
	Path string
	// Body is the whole file; empty for files that cite nothing, such as pictures.
	Body string
}

// IsPage reports whether the file is a page of the documentation.
func (t Text) IsPage() bool { return path.Ext(t.Path) == ".md" }

// citing are the endings of the files that cite pages.
var citing = []string{".go", ".proto", ".md", ".mjs", ".sh", ".yaml", ".yml", ".sql", ".html", ".css", ".cfg", ".conf", ".txt", ".mod", ""}

// unread are directories whose files others wrote, or a program.
var unread = append([]string{"dist"}, notOurs...)

// Texts lists the files below root, and reads those that may cite a page.
func Texts(root fs.FS) ([]Text, error) {
	var texts []Text
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains(unread, d.Name()):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		case !slices.Contains(citing, path.Ext(name)):
			texts = append(texts, Text{Path: name})
			return nil
		}
		body, err := fs.ReadFile(root, name)
		texts = append(texts, Text{Path: name, Body: string(body)})
		return err
	})
	return texts, err
}

// Uncited lists mentions of pages that are not in the repository. A page is named from the root, from docs, or from the
// directory of the file that names it; and its sections by its path, so that a search finds them.
func Uncited(texts []Text) []string {
	pages := map[string]bool{}
	for _, t := range texts {
		pages[t.Path] = true
	}
	var breaches []string
	for _, t := range texts {
		for _, cited := range regexp.MustCompile(`[\w./:~-]*\w\.md\b`).FindAllString(t.Body, -1) {
			elsewhere := strings.Contains(cited, "://")
			if !elsewhere && !pages[path.Clean(cited)] && !pages[path.Join("docs", cited)] && !pages[path.Join(path.Dir(t.Path), cited)] {
				breaches = append(breaches, fmt.Sprintf("%s cites %s, which is not in the repository", t.Path, cited))
			}
		}
		for _, cited := range regexp.MustCompile(`(?i)\b(?:wire contract|security cases?|design),? §?\d`).FindAllString(t.Body, -1) {
			breaches = append(breaches, fmt.Sprintf("%s cites %q: give the page's path", t.Path, cited))
		}
	}
	return breaches
}

// scheme says how a number in a test's name, or behind a page's name, leads to a place of that page.
type scheme struct {
	// page is where the number leads.
	page string
	// cites finds numbers in any text, by its first group.
	cites *regexp.Regexp
	// place is what a line of the page must begin with; %s is the number.
	place string
}

// schemes are the numbers that tests and comments cite.
func schemes() []scheme {
	return []scheme{
		{"docs/wire-contract.md", regexp.MustCompile(`wire-contract\.md §(\d+(?:\.\d+)?)`), `#+ %s[. ]`},
		{"docs/wire-contract.md", regexp.MustCompile(`func TestWire(?:Contract)?(\d+)_`), `## %s\. `},
		{"docs/security-cases.md", regexp.MustCompile(`security-cases\.md (\d+)`), `### %s\. `},
		{"docs/security-cases.md", regexp.MustCompile(`func Test(?:Security)?(?:Case)?(\d+)_`), `### %s\. `},
		{"docs/faults-0.1.md", regexp.MustCompile(`func TestFault_([A-Z]\d+)_`), `\| %s \| `},
		{"docs/faults-0.1.md", regexp.MustCompile(`func TestFault_[A-Z]\d+_([A-Z]\d+)_`), `\| %s \| `},
		{"docs/mcp.md", regexp.MustCompile(`func TestMCPFailure_(\d+)_`), `\| %s \| `},
		{"docs/architecture.md", regexp.MustCompile(`func TestRule(\d+)_`), `%s\. `},
		{"docs/adr/README.md", regexp.MustCompile(`func TestADR(\d{4})_`), `\| \[%s\]`},
	}
}

// Unnumbered lists the numbers that lead nowhere: a section, a case or a row that its page does not have.
func Unnumbered(texts []Text) []string {
	bodies := map[string]string{}
	for _, t := range texts {
		bodies[t.Path] = t.Body
	}
	var breaches []string
	for _, t := range texts {
		for _, s := range schemes() {
			for _, found := range s.cites.FindAllStringSubmatch(t.Body, -1) {
				place := regexp.MustCompile(`(?m)^` + fmt.Sprintf(s.place, regexp.QuoteMeta(found[1])))
				if !place.MatchString(bodies[s.page]) {
					breaches = append(breaches, fmt.Sprintf("%s cites %s of %s, which is not there", t.Path, found[1], s.page))
				}
			}
		}
	}
	return breaches
}

// Untested lists what pages promise without a test: rows of faults-0.1.md and of mcp.md that no test is named after, and tests
// that a page names and nobody has written. A name that ends in … stands for every test that begins so.
func Untested(texts []Text) []string {
	var names []string
	for _, t := range texts {
		if strings.HasSuffix(t.Path, "_test.go") {
			for _, found := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(t.Body, -1) {
				names = append(names, found[1])
			}
		}
	}
	var breaches []string
	for _, t := range texts {
		if !t.IsPage() {
			continue
		}
		for _, found := range regexp.MustCompile(`\b(Test[A-Z]\w+)(…?)`).FindAllStringSubmatch(t.Body, -1) {
			if !slices.ContainsFunc(names, func(n string) bool { return n == found[1] || found[2] != "" && strings.HasPrefix(n, found[1]) }) {
				breaches = append(breaches, fmt.Sprintf("%s names the test %s, which is not there", t.Path, found[1]))
			}
		}
		prefix := map[string]string{"docs/faults-0.1.md": `^TestFault_(?:\w+?_)?`, "docs/mcp.md": `^TestMCPFailure_`}[t.Path]
		if prefix == "" {
			continue
		}
		for _, found := range regexp.MustCompile(`(?m)^\| ([A-Z]?\d+) \| `).FindAllStringSubmatch(t.Body, -1) {
			if row := regexp.MustCompile(prefix + found[1] + `_`); !slices.ContainsFunc(names, row.MatchString) {
				breaches = append(breaches, fmt.Sprintf("%s has a row %s that no test is named after", t.Path, found[1]))
			}
		}
	}
	return breaches
}
