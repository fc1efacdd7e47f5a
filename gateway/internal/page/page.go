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

// policy lets a page load our stylesheet and nothing else. It has no form-action: a browser would apply that to the redirect
// to the app, after the decision (docs/wire-contract.md §5).
const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"

// Pages are the parsed templates.
type Pages struct {
	byName     map[string]*template.Template
	stylesheet []byte
	version    string
	icon       []byte
}

// New parses the templates. They are embedded: it cannot fail at run time, and a test opens every one.
func New() *Pages {
	css := must(files.ReadFile("files/usher.css"))
	sum := sha256.Sum256(css)
	p := &Pages{byName: map[string]*template.Template{}, stylesheet: css, version: hex.EncodeToString(sum[:6])}
	p.icon = must(files.ReadFile("files/favicon.ico"))
	layout := template.Must(template.New("layout.html").Funcs(template.FuncMap{"name": Name, "moment": moment, "stamp": stamp}).
		ParseFS(files, "files/layout.html", "files/fault.html"))
	for _, entry := range must(files.ReadDir("files")) {
		if name := entry.Name(); path.Ext(name) == ".html" && name != "layout.html" && name != "fault.html" {
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
	// Template is the file's name without its ending.
	Template string
	Title    string
	// Status is 0 for 200.
	Status int
	Data   any
}

// Render writes a page. It is rendered whole before anything is sent, so that nobody sees half of one.
func (p *Pages) Render(w http.ResponseWriter, v View) {
	var out bytes.Buffer
	err := p.byName[v.Template+".html"].Execute(&out, struct {
		Title, Stylesheet string
		Data              any
	}{v.Title, p.StylesheetPath(), v.Data})
	if err != nil {
		panic(err) // a template and its data are both ours; the router answers 500 and logs it
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
	_, _ = w.Write(out.Bytes()) // the reader has gone: nothing to do
}

// Problem shows what went wrong. The text is ours: it never repeats what a request said.
func (p *Pages) Problem(w http.ResponseWriter, r *http.Request, status int, text string) {
	p.Notice(w, r, Notice{Status: status, Text: text})
}

// Notice renders a page with one message and one link or form that leads on. It prints the request id, which the log lines of
// the request carry.
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

// Icon serves the icon that browsers ask for by themselves.
func (p *Pages) Icon(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "image/x-icon")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write(p.icon) // the reader has gone: nothing to do
}
