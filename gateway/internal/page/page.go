package page

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html"
	"html/template"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/vidocu/usher/gateway/internal/brand"
	"github.com/vidocu/usher/gateway/internal/message"
	"github.com/vidocu/usher/internal/platform/requestid"
)

//go:embed files
var files embed.FS

// policy allows the stylesheet and the icon and nothing else. It has no form-action: a browser
// would apply that to the redirect to the client after the decision (docs/wire-contract.md §5).
const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"

// Brand is what every page shows.
type Brand struct {
	// Product is the name that users know.
	Product string
	// Links stand below the pages.
	Links []Link
	// Report is where users report a client, an https or mailto address; empty for nowhere.
	Report string
	// Palette replaces the accent colour of the stylesheet; zero keeps it.
	Palette brand.Palette
	// Logo replaces the product's sign; zero keeps it.
	Logo brand.Logo
}

// Pages are the parsed templates.
type Pages struct {
	// byLanguage holds the templates of each language by its tag, and in it by their file.
	byLanguage map[string]templates
	languages  *message.Languages
	// Preferred returns the tag of the language that the client of the authorization requested; empty
	// for none. Nil requests none.
	Preferred func(r *http.Request) string
	brand     Brand
	// stylesheet is the content, and compressed the same in gzip format. Pages are never compressed
	// here: they contain CSRF tokens beside text from outside, whose length must not depend on each
	// other (BREACH).
	stylesheet, compressed []byte
	version                string
	icon                   []byte
	// logoVersion is the hash of the logo; empty without one.
	logoVersion string
	// buffers are those of pages that were written: a new one that grows to the size of a page was a
	// third of what the page allocated.
	buffers sync.Pool
}

// templates are the pages in one language: the layout, its parts, and the main part of each page by its
// file. They are one set, because a set of its own for each page costs a copy of all parts.
type templates struct {
	phrases phrases
	set     *template.Template
	// ask is the layout of a page without a frame.
	ask ask
}

// ask is the text around the title and the main part of a page without a frame. It is the same for all
// of them, so that it is rendered once.
type ask struct{ beforeTitle, beforeMain, end string }

// layout is the data of layout.html.
type layout struct {
	Title, Stylesheet, Language string
	RightToLeft                 bool
	Brand                       Brand
	Frame                       *Frame
	Main                        template.HTML
}

// New parses the embedded templates. A test renders each, so that it cannot fail at run time.
func New() *Pages { return newPages(message.Load()) }

// NewDevelopment is New with the language ar-XB (message.LoadWithPseudo).
func NewDevelopment() *Pages { return newPages(message.LoadWithPseudo()) }

func newPages(languages *message.Languages) *Pages {
	p := &Pages{byLanguage: map[string]templates{}, languages: languages}
	p.icon = must(files.ReadFile("files/favicon.ico"))
	for _, printer := range p.languages.Printers() {
		p.byLanguage[printer.Tag()] = parse(phrases{printer})
	}
	p.SetBrand(Brand{})
	return p
}

// SetBrand sets what every page shows. It must not be called while pages are served.
func (p *Pages) SetBrand(b Brand) {
	p.brand, p.logoVersion = b, ""
	if len(b.Logo.PNG) > 0 {
		p.logoVersion = digest(b.Logo.PNG)
	}
	css := append(withoutComments(must(files.ReadFile("files/usher.css"))), p.brandStyles()...)
	p.stylesheet, p.compressed, p.version = css, compress(css), digest(css)
	for language, pages := range p.byLanguage {
		pages.ask = p.renderAsk(pages)
		p.byLanguage[language] = pages
	}
}

// renderAsk renders the layout of the pages without a frame, with marks in the places of the title and of
// the main part.
func (p *Pages) renderAsk(pages templates) ask {
	const title, main = "the-title", "<the-main-part>"
	data := p.layout(pages)
	data.Title, data.Main = title, main
	var out bytes.Buffer
	pages.execute(&out, "layout.html", data)
	beforeTitle, rest, _ := strings.Cut(out.String(), title)
	beforeMain, end, _ := strings.Cut(rest, main)
	return ask{beforeTitle, beforeMain, end}
}

// layout returns what every page of a language has.
func (p *Pages) layout(pages templates) layout {
	printer := pages.phrases.printer
	return layout{Stylesheet: p.StylesheetPath(), Language: printer.Tag(), RightToLeft: printer.RightToLeft(), Brand: p.brand}
}

// digest returns the part of a content's hash that stands in its address.
func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:6])
}

// parse parses the templates in one language.
func parse(words phrases) templates {
	set := template.New("pages").Funcs(words.functions())
	for _, entry := range must(files.ReadDir("files")) {
		if name := entry.Name(); path.Ext(name) == ".html" {
			template.Must(set.New(name).Parse(words.translate(string(must(files.ReadFile("files/" + name))))))
		}
	}
	return templates{phrases: words, set: set}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // the files are embedded
	}
	return v
}

// View is a page to show.
type View struct {
	// Template is the file's name without its extension.
	Template string
	// Title is a message. TitleName is the name in it, untrusted text, which stands in the place of %s,
	// or after a message that has none; empty for no name.
	Title, TitleName string
	// Failed is true where the page has an error message. The title then begins with it, because
	// screen readers read the title first.
	Failed bool
	// Status is the HTTP status; 0 is 200.
	Status int
	// Language is the tag of the only language that the page is written in; empty for a page in every
	// language.
	Language string
	// Preferred is the tag of the language that the page's user chose; empty for none.
	Preferred string
	// Frame surrounds a page of an account; nil for a page with one question.
	Frame *Frame
	Data  any
}

// Render writes a page in the language of the view or of the request: the one that the user chose,
// else the one that the client requested, else one that the browser accepts. It executes the templates
// before it writes, so that a client never receives half a page.
func (p *Pages) Render(w http.ResponseWriter, r *http.Request, v View) {
	out, _ := p.buffers.Get().(*bytes.Buffer)
	if out == nil {
		out = new(bytes.Buffer)
	}
	defer p.buffers.Put(out)
	language := v.Language
	if language == "" {
		language = p.language(r, v.Preferred)
	}
	p.write(out, p.byLanguage[language], v)
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Language", language)
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", strconv.Itoa(out.Len()))
	if v.Status != 0 {
		w.WriteHeader(v.Status)
	}
	_, _ = w.Write(out.Bytes()) // fails only where the client has disconnected
}

// write replaces the content of out by a page.
func (p *Pages) write(out *bytes.Buffer, pages templates, v View) {
	out.Reset()
	title := pages.phrases.title(v)
	if v.Frame == nil {
		out.WriteString(pages.ask.beforeTitle)
		out.WriteString(html.EscapeString(title))
		out.WriteString(pages.ask.beforeMain)
		pages.execute(out, v.Template+".html", v.Data)
		out.WriteString(pages.ask.end)
		return
	}
	pages.execute(out, v.Template+".html", v.Data)
	data := p.layout(pages)
	data.Title, data.Frame, data.Main = title, v.Frame, template.HTML(out.String()) //nolint:gosec // html/template wrote it
	out.Reset()
	pages.execute(out, "layout.html", data)
}

// execute appends a template to out.
func (t templates) execute(out *bytes.Buffer, name string, data any) {
	if err := t.set.ExecuteTemplate(out, name, data); err != nil {
		panic(err) // a template and its data do not match: the router responds 500 and logs it
	}
}

// language returns the tag of the language of a request, whose user may have chosen one.
func (p *Pages) language(r *http.Request, chosen string) string { return p.match(r, chosen).Tag() }

func (p *Pages) match(r *http.Request, chosen string) *message.Printer {
	preferred := ""
	if p.Preferred != nil {
		preferred = p.Preferred(r)
	}
	return p.languages.Match(chosen, preferred, strings.Join(r.Header.Values("Accept-Language"), ","))
}

// Plain returns the function that writes a message as plain text, in the language of a request whose user may
// have chosen one.
func (p *Pages) Plain(r *http.Request, chosen string) func(Message) string {
	printer := p.match(r, chosen)
	return func(m Message) string {
		if len(m.Names) == 0 {
			return printer.Text(m.Text)
		}
		args := make([]any, len(m.Names))
		for i, name := range m.Names {
			args[i] = name
		}
		return printer.Format(m.Text, args...)
	}
}

// MatchUILocales returns the tag of the language that fits the parameter ui_locales best (OpenID
// Connect Core §3.1.2.1); empty where none does.
func (p *Pages) MatchUILocales(locales string) string { return p.languages.MatchUILocales(locales) }

// Problem renders a page with an error message, which must not contain any part of the request.
func (p *Pages) Problem(w http.ResponseWriter, r *http.Request, status int, text string) {
	p.Notice(w, r, Notice{Status: status, Text: text})
}

// Notice renders a page with one message and one link or form to continue with. It shows the
// request ID, which the request's log lines contain.
func (p *Pages) Notice(w http.ResponseWriter, r *http.Request, n Notice) {
	if n.Heading == "" {
		n.Heading = "This did not work"
	}
	if n.Link == (Link{}) && n.Repeat == nil {
		n.Link = Link{Address: "/account/connected-apps", Text: "Go to your connected apps"}
	}
	n.Reference = cmp.Or(n.Reference, requestid.From(r.Context()))
	p.Render(w, r, View{Template: "problem", Title: n.Heading, TitleName: n.App, Status: n.Status, Preferred: n.Preferred, Data: n})
}

// Icon serves /favicon.ico, which browsers request by themselves.
func (p *Pages) Icon(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "image/x-icon")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write(p.icon) // fails only where the client has disconnected
}

// Languages returns the tags of the languages.
func (p *Pages) Languages() []string {
	var tags []string
	for _, printer := range p.languages.Printers() {
		tags = append(tags, printer.Tag())
	}
	return tags
}
