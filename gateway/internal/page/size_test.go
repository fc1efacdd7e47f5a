package page_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vidocu/usher/gateway/internal/page"
	"github.com/vidocu/usher/internal/platform/catalog"
)

// most is the limit of a page with its stylesheet in bytes, both compressed as a proxy compresses
// them.
const most = 8 << 10

// largeViews returns the pages of an authorization with much in them: every scope of the catalog,
// three workspaces, eight connected clients.
func largeViews() map[string]page.View {
	at := time.Date(2026, 3, 1, 9, 5, 0, 0, time.UTC)
	var all []page.Permission
	for _, s := range catalog.Default().Scopes() {
		all = append(all, page.Permission{Name: s.Name, Description: s.Description, Changes: true, Sensitive: s.Sensitive, Optional: strings.HasPrefix(s.Name, "t")})
	}
	var groups []page.PermissionGroup
	for i, name := range []string{"Videos", "Subtitles", "Help articles", "Tools", "Jobs and usage"} {
		groups = append(groups, page.PermissionGroup{Name: name, Permissions: all[3*i : 3*i+3]})
	}
	token, request := strings.Repeat("3vXq9", 20), "kP5bX7gqLw2ZbS1fYt0cHn8RjD4mUe6AoVi9WkTzQxE"
	workspaces := []page.Workspace{
		{ID: "ws_acme", Name: "Acme Studio", Plan: "pro", Role: "administrator", Chosen: true},
		{ID: "ws_doe", Name: "Doe Family", Plan: "free", Role: "member"},
		{ID: "ws_harbor", Name: "Harbor Films", Plan: "enterprise", Role: "member"},
	}
	john := page.User{Name: "John Doe", Email: "john.doe@gmail.com"}
	var apps []page.App
	for _, name := range []string{"Northwind Captions", "Reelworks Batch", "Cutter Desktop", "Example App", "Subtitle Studio", "Archive", "Player", "Meter"} {
		apps = append(apps, page.App{ClientID: "vdo_client_k2v9Rw41bQ", Name: name, Identity: northwind(), Approved: at, Used: at, Now: at, Workspaces: []page.AppWorkspace{{Name: "Acme Studio", Permissions: groups[:2]}}})
	}
	fault := page.Fault{Text: "The e-mail address or the password is wrong.", Field: "password"}
	return map[string]page.View{
		"sign-in": {Template: "signin", Data: page.SignIn{CSRF: token, Request: request, App: "Northwind Captions", Origin: "https://captions.northwind.example", Fault: fault}},
		"consent": {Template: "consent", Data: page.Consent{
			CSRF: token, Request: request, App: "Northwind Captions", Identity: northwind(), Origin: "https://captions.northwind.example", User: john,
			Permissions: groups, Workspaces: workspaces, Report: "https://vidocu.example/report?client_id=vdo_client_k2v9Rw41bQ",
		}},
		"consent again": {Template: "consent", Data: page.Consent{
			CSRF: token, Request: request, App: "Northwind Captions", Identity: northwind(), Origin: "https://captions.northwind.example", User: john,
			Permissions: groups, Connected: true, Added: groups[:2], Had: groups[2:], Workspaces: workspaces,
		}},
		"apps": {Template: "apps", Frame: &page.Frame{Person: john.Name, CSRF: token}, Data: page.Apps{CSRF: token, User: john, Searchable: true, Apps: apps}},
		"notice": {Template: "problem", Data: page.Notice{
			Heading: "You allowed this request", App: "Northwind Captions", Text: "It was answered already.", Workspace: "Acme Studio", At: at, Reference: request,
		}},
	}
}

// northwind is a client with everything registered.
func northwind() page.Identity {
	return page.Identity{
		Known: true, Verified: true, Publisher: "Northwind Labs GmbH", Purpose: "Writes captions for the videos of your team", Logo: strings.Repeat("0f", 32),
		Address: "https://northwind.example", Privacy: "https://northwind.example/privacy", Terms: "https://northwind.example/terms",
	}
}

// pageText renders pages as text.
type pageText struct{ pages *page.Pages }

func (p pageText) render(v page.View) string {
	w := httptest.NewRecorder()
	p.pages.Render(w, get(), v)
	return w.Body.String()
}

func render(v page.View) string { return pageText{page.New()}.render(v) }

func zipped(t *testing.T, text string) int {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

func TestAPageAndItsStylesheetAreSmall(t *testing.T) {
	p := page.New()
	r := httptest.NewRequest(http.MethodGet, p.StylesheetPath(), nil)
	r.Header.Set("Accept-Encoding", "br, gzip")
	w := httptest.NewRecorder()
	p.Assets(http.NotFoundHandler()).ServeHTTP(w, r)
	if w.Header().Get("Content-Encoding") != "gzip" || w.Header().Get("Vary") != "Accept-Encoding" {
		t.Fatalf("the stylesheet is not compressed: %v", w.Header())
	}
	for name, view := range largeViews() {
		text := render(view)
		size := w.Body.Len() + zipped(t, text)
		t.Logf("%s: %d bytes with the stylesheet, %d of them the page, which has %d uncompressed", name, size, size-w.Body.Len(), len(text))
		if size > most {
			t.Errorf("%s has %d bytes with its stylesheet, at most %d are allowed", name, size, most)
		}
	}
}

// external matches an address in an attribute that makes the browser request something.
var external = regexp.MustCompile(`(?i)<(script|iframe|object|embed|video|audio|style|base)\b|\son\w+=|\sstyle=|url\(|<link [^>]*href="(https?:)?//|<img [^>]*src="(/[^l]|[^/])`)

// TestAPageRequestsItsStylesheetAndLogosOnly, both from its own origin.
func TestAPageRequestsItsStylesheetAndLogosOnly(t *testing.T) {
	for name, view := range largeViews() {
		text := render(view)
		if found := external.FindString(text); found != "" {
			t.Errorf("%s has %q", name, found)
		}
		if strings.Count(text, `rel="stylesheet"`) != 1 {
			t.Errorf("%s has not one stylesheet", name)
		}
	}
}

// physical matches declarations that name a side of the screen instead of one of the text.
var physical = regexp.MustCompile(`(?i)(margin|padding|border)-(left|right)|text-align:\s*(left|right)|float:|[{;]\s*(left|right):|border-(top|bottom)-(left|right)-radius`)

func TestTheStylesheetWorksFromRightToLeft(t *testing.T) {
	p := page.New()
	w := httptest.NewRecorder()
	p.Assets(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, p.StylesheetPath(), nil))
	if found := physical.FindString(w.Body.String()); found != "" {
		t.Errorf("the stylesheet has %q: use the logical property", found)
	}
	if w.Header().Get("Content-Encoding") != "" || w.Body.Len() < most/2 {
		t.Errorf("without Accept-Encoding: %v", w.Header())
	}
}

// BenchmarkConsentPage renders the consent page with every scope of the catalog. The limit is 200 µs
// of CPU, which is reported apart from the time, because other processes may use the machine too.
func BenchmarkConsentPage(b *testing.B) {
	p, view, r := page.New(), largeViews()["consent"], get()
	b.ReportAllocs()
	p.Render(httptest.NewRecorder(), r, view) // the first one escapes the template
	before := cpu(b)
	for b.Loop() {
		p.Render(httptest.NewRecorder(), r, view)
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

// TestTheConsentPageAllocatesLittle: the number does not depend on the machine, as its time does, and
// grows with the calls of the template, which are most of the time.
func TestTheConsentPageAllocatesLittle(t *testing.T) {
	const mostAllocations = 450
	p, view, r := page.New(), largeViews()["consent"], get()
	if n := testing.AllocsPerRun(20, func() { p.Render(httptest.NewRecorder(), r, view) }); n > mostAllocations {
		t.Errorf("the page allocates %.0f times, at most %d are allowed", n, mostAllocations)
	}
}

// cpu returns the CPU time of this process.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
