package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"path"

	"github.com/vidocu/usher/internal/platform/requestid"
)

//go:embed files
var files embed.FS

// policy allows the stylesheet and the icon and nothing else. It has no form-action: a browser
// would apply that to the redirect to the client after the decision (docs/wire-contract.md §5).
const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"

// product is the name that users know.
const product = "Vidocu"

// Pages are the parsed templates.
type Pages struct {
	byName map[string]*template.Template
	// stylesheet is the content, and compressed the same in gzip format. Pages are never compressed
	// here: they contain CSRF tokens beside text from outside, whose length must not depend on each
	// other (BREACH).
	stylesheet, compressed []byte
	version                string
	icon                   []byte
}

// New parses the embedded templates. A test renders each, so that it cannot fail at run time.
func New() *Pages {
	css := must(files.ReadFile("files/usher.css"))
	sum := sha256.Sum256(css)
	p := &Pages{byName: map[string]*template.Template{}, stylesheet: css, compressed: compress(css), version: hex.EncodeToString(sum[:6])}
	p.icon = must(files.ReadFile("files/favicon.ico"))
	layout := template.Must(template.New("layout.html").Funcs(template.FuncMap{
		"name": Name, "displayTime": displayTime, "timestamp": timestamp,
		"initial": initial, "initials": initials, "tone": tone, "capital": capital, "role": role,
	}).ParseFS(files, "files/layout.html", "files/parts.html"))
	for _, entry := range must(files.ReadDir("files")) {
		if name := entry.Name(); path.Ext(name) == ".html" && name != "layout.html" && name != "parts.html" {
			p.byName[name] = template.Must(template.Must(layout.Clone()).ParseFS(files, "files/"+name))
		}
	}
	return p
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
	Title    string
	// Status is the HTTP status; 0 is 200.
	Status int
	// Frame surrounds a page of an account; nil for a page with one question.
	Frame *Frame
	Data  any
}

// usualPage is the size of most pages in bytes.
const usualPage = 8 << 10

// Render writes a page. It executes the template before it writes, so that a client never receives
// half a page.
func (p *Pages) Render(w http.ResponseWriter, v View) {
	var out bytes.Buffer
	out.Grow(usualPage)
	err := p.byName[v.Template+".html"].Execute(&out, struct {
		Title, Product, Stylesheet string
		Frame                      *Frame
		Data                       any
	}{v.Title, product, p.StylesheetPath(), v.Frame, v.Data})
	if err != nil {
		panic(err) // a template and its data do not match: the router responds 500 and logs it
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
	if v.Status != 0 {
		w.WriteHeader(v.Status)
	}
	_, _ = w.Write(out.Bytes()) // fails only where the client has disconnected
}

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
	n.Reference = requestid.From(r.Context())
	title := n.Heading
	if n.App != "" {
		title += ": " + Name(n.App)
	}
	p.Render(w, View{Template: "problem", Title: title, Status: n.Status, Data: n})
}

// Icon serves /favicon.ico, which browsers request by themselves.
func (p *Pages) Icon(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "image/x-icon")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write(p.icon) // fails only where the client has disconnected
}
