package docsite

import (
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/vidocu/usher/docs"
	"github.com/vidocu/usher/gateway/internal/openapi"
	"github.com/vidocu/usher/gateway/internal/page"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/yuin/goldmark"
)

// Path is the address of the table of contents. The pages are under it.
const Path = "/docs"

// ErrorsPath is the address of the page that explains every cause of a refusal.
const ErrorsPath = Path + "/errors"

// Config is the configuration of a Site.
type Config struct {
	Pages *page.Pages
	// PublicURL and APIURL are the origins that the examples name.
	PublicURL, APIURL string
	// Catalog returns the scopes, endpoints and plans that exist at present.
	Catalog func() *catalog.Catalog
	// Description returns the description of the API.
	Description func() (openapi.Node, error)
	// NotFound serves an address without a page.
	NotFound http.Handler
}

// Site serves the documentation.
type Site struct {
	config   Config
	markdown goldmark.Markdown
	// articles render a page the first time that it is read: most servers are never asked for most pages.
	articles map[string]func() page.DocsPage
	// reference is the rendered reference of the last description.
	reference atomic.Pointer[referenceArticle]
}

type referenceArticle struct {
	description openapi.Node
	article     page.DocsPage
}

// New returns a Site of the pages of docs.
func New(config Config) *Site {
	s := &Site{config: config, articles: map[string]func() page.DocsPage{}}
	s.markdown = newMarkdown(address, origins(config))
	for _, p := range docs.Pages() {
		s.articles[p.Name] = sync.OnceValue(func() page.DocsPage { return render(s.markdown, docs.Text(p)) })
	}
	return s
}

// address returns the address of a file of docs.
func address(file string) (string, bool) {
	for _, p := range docs.Pages() {
		if path.Clean(file) == p.Name+".md" {
			return Path + "/" + p.Name, true
		}
	}
	return "", false
}

// origins replaces the addresses of a development server, which the texts have, by those of this
// server.
func origins(c Config) *strings.Replacer {
	const development = "http://localhost:8080"
	var pairs []string
	for _, api := range []string{"/oauth/token", "/oauth/revoke", "/oauth/introspect", "/v1"} {
		pairs = append(pairs, development+api, c.APIURL+api)
	}
	return strings.NewReplacer(append(pairs, development, c.PublicURL)...)
}

// Index serves the table of contents.
func (s *Site) Index(w http.ResponseWriter, r *http.Request) {
	var data []page.DocsGroup
	for _, group := range contents() {
		part := page.DocsGroup{Name: group.Name}
		for _, p := range group.Pages {
			part.Pages = append(part.Pages, page.DocsEntry{Link: page.Link{Address: Path + "/" + p.Name, Text: p.Title}, Summary: p.Summary})
		}
		data = append(data, part)
	}
	s.render(w, r, page.View{Template: "docsindex", Title: "Documentation", Frame: menu(""), Data: data})
}

// ServeHTTP serves a page under Path.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		s.config.NotFound.ServeHTTP(w, r)
		return
	}
	name := strings.TrimPrefix(r.URL.EscapedPath(), Path+"/")
	found, ok := s.article(name)
	if !ok {
		s.config.NotFound.ServeHTTP(w, r)
		return
	}
	found.Previous, found.Next = neighbours(name)
	s.render(w, r, page.View{Template: "docspage", Title: found.Title, Frame: menu(name), Data: found})
}

// article returns a page by the last segment of its address.
func (s *Site) article(name string) (page.DocsPage, bool) {
	if name == referencePage {
		return s.referenceArticle(), true
	}
	read, ok := s.articles[name]
	if !ok {
		return page.DocsPage{}, false
	}
	found := read()
	if name == scopesPage {
		extra := render(s.markdown, tables(s.config.Catalog()))
		found.HTML += extra.HTML
		found.Sections = append(slices.Clone(found.Sections), extra.Sections...)
	}
	return found, true
}

// referenceArticle returns the reference of the current description.
func (s *Site) referenceArticle() page.DocsPage {
	description, err := s.config.Description()
	if err != nil {
		panic(err) // the server of the description would not have started
	}
	if last := s.reference.Load(); last != nil && last.description == description {
		return last.article
	}
	a := render(s.markdown, referenceOf(description))
	s.reference.Store(&referenceArticle{description, a})
	return a
}

// contents returns the table of contents: that of the texts, and the reference.
func contents() []docs.Group {
	groups := docs.Groups()
	last := &groups[len(groups)-1]
	last.Pages = append([]docs.Page{{
		Name: referencePage, Title: "API reference", Summary: "Every endpoint with its fields, examples and errors.",
	}}, last.Pages...)
	return groups
}

// render shows a page. Its frame is in the language of the browser, and its text in English.
func (s *Site) render(w http.ResponseWriter, r *http.Request, v page.View) {
	s.config.Pages.Render(w, r, v)
}

// neighbours returns the pages before and after one, in the order of reading.
func neighbours(name string) (previous, next *page.Link) {
	var pages []docs.Page
	for _, group := range contents() {
		pages = append(pages, group.Pages...)
	}
	link := func(i int) *page.Link {
		if i < 0 || i >= len(pages) {
			return nil
		}
		return &page.Link{Address: Path + "/" + pages[i].Name, Text: pages[i].Title}
	}
	for i, p := range pages {
		if p.Name == name {
			return link(i - 1), link(i + 1)
		}
	}
	return nil, nil
}

// menu returns the frame of a page.
func menu(current string) *page.Frame {
	frame := &page.Frame{Menu: []page.MenuGroup{{Entries: []page.MenuEntry{{Address: Path, Text: "Documentation", Current: current == ""}}}}}
	for _, group := range contents() {
		part := page.MenuGroup{Title: group.Name}
		for _, p := range group.Pages {
			part.Entries = append(part.Entries, page.MenuEntry{Address: Path + "/" + p.Name, Text: p.Title, Current: p.Name == current})
		}
		frame.Menu = append(frame.Menu, part)
	}
	return frame
}
