package docsite_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/vidocu/usher/docs"
	"github.com/vidocu/usher/gateway/internal/dialect"
	"github.com/vidocu/usher/gateway/internal/docsite"
	"github.com/vidocu/usher/gateway/internal/message"
	"github.com/vidocu/usher/gateway/internal/openapi"
	"github.com/vidocu/usher/gateway/internal/page"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/oerr"
)

const public, api = "https://login.test", "https://api.test"

// newSite returns the handler of every address of the documentation.
func newSite(t *testing.T, c *catalog.Catalog) http.Handler {
	t.Helper()
	current := func() *catalog.Catalog { return c }
	description, err := openapi.New(openapi.Config{PublicURL: public, APIURL: api, Product: "Vidocu", Catalog: current})
	if err != nil {
		t.Fatal(err)
	}
	pages := page.New()
	pages.SetBrand(page.Brand{Product: "Vidocu"})
	s := docsite.New(docsite.Config{
		Pages: pages, PublicURL: public, APIURL: api, Catalog: current, Description: description.Current, NotFound: http.NotFoundHandler(),
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == docsite.Path {
			s.Index(w, r)
			return
		}
		s.ServeHTTP(w, r)
	})
}

func get(site http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept-Language", "de")
	site.ServeHTTP(w, r)
	return w
}

// paths returns the addresses of all pages.
func paths() []string {
	all := []string{docsite.Path, docsite.ReferencePath}
	for _, p := range docs.Pages() {
		all = append(all, docsite.Path+"/"+p.Name)
	}
	return all
}

// parsed is what a page has.
type parsed struct {
	links []string
	ids   map[string]int
}

func parse(t *testing.T, text string) parsed {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	p := parsed{ids: map[string]int{}}
	for n := range root.Descendants() {
		for _, attr := range n.Attr {
			if attr.Key == "id" {
				p.ids[attr.Val]++
			}
			if n.Data == "a" && attr.Key == "href" {
				p.links = append(p.links, attr.Val)
			}
		}
	}
	return p
}

func TestEveryLinkLeadsToAPageAndToAHeadingOfIt(t *testing.T) {
	site := newSite(t, catalog.Default())
	pages := map[string]parsed{}
	for _, path := range paths() {
		w := get(site, path)
		if w.Code != http.StatusOK {
			t.Fatalf("%s gets %d", path, w.Code)
		}
		pages[path] = parse(t, w.Body.String())
		for id, times := range pages[path].ids {
			if times > 1 {
				t.Errorf("%s has the id %s %d times", path, id, times)
			}
		}
	}
	checked := 0
	for path, from := range pages {
		for _, link := range from.links {
			if strings.Contains(link, "://") || link == "/" || link == openapi.Path {
				continue
			}
			checked++
			target, heading, _ := strings.Cut(link, "#")
			if target == "" {
				target = path
			}
			to, ok := pages[target]
			if !ok || heading != "" && to.ids[heading] == 0 {
				t.Errorf("%s links to %s, which is not there", path, link)
			}
		}
	}
	if checked < 300 {
		t.Errorf("only %d links were found", checked)
	}
}

// TestAPageNamesNoFileThatItDoesNotLinkTo in parentheses, which would be words that lead nowhere.
func TestAPageNamesNoFileThatItDoesNotLinkTo(t *testing.T) {
	site := newSite(t, catalog.Default())
	dead := regexp.MustCompile(`\((<[^a>][^>]*>)*([\w./-]+\.md|ADR \d+)(</[^>]*>)*\)`)
	for _, path := range paths() {
		if found := dead.FindString(get(site, path).Body.String()); found != "" {
			t.Errorf("%s has the words %q", path, found)
		}
	}
	for path, want := range map[string]string{
		"/docs/errors": "<code>usher requests --request ID</code>;", "/docs/enforcement": "which the gateway serves. ",
	} {
		if text := get(site, path).Body.String(); !strings.Contains(text, want) {
			t.Errorf("%s does not have %q, without the parentheses", path, want)
		}
	}
}

func TestThePagesNameTheAddressesOfTheServer(t *testing.T) {
	site := newSite(t, catalog.Default())
	body := get(site, "/docs/quick-start").Body.String()
	for _, want := range []string{api + "/oauth/token", api + "/v1/videos", public + "/oauth/authorize?client_id", `lang="en"`, "<title>Schnellstart – Vidocu</title>"} {
		if !strings.Contains(body, want) {
			t.Errorf("the quick start has no %s", want)
		}
	}
	if strings.Contains(body, "localhost") {
		t.Error("the quick start names a development server")
	}
}

// external matches an address in an attribute that makes the browser request something, and inline
// style, which the policy of the pages forbids.
var external = regexp.MustCompile(`(?i)<(script|iframe|img|object|embed|style|base)\b|\son\w+=|\sstyle=|<link [^>]*href="https?://`)

func TestAPageNeedsNothingButTheStylesheet(t *testing.T) {
	site := newSite(t, catalog.Default())
	for _, path := range paths() {
		w := get(site, path)
		if found := external.FindString(w.Body.String()); found != "" {
			t.Errorf("%s has %q", path, found)
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("the policy of %s is %q", path, csp)
		}
		if strings.Count(w.Body.String(), "<h1") != 1 {
			t.Errorf("%s has not one heading of the first level", path)
		}
	}
}

// TestFault_D3_EveryCauseIsExplained: an anchor for each value of the enum that the code uses, with
// its meaning and with the advice of the contract.
func TestFault_D3_EveryCauseIsExplained(t *testing.T) {
	body := get(newSite(t, catalog.Default()), "/docs/errors").Body.String()
	for number := range errorv1.Cause_name {
		cause := errorv1.Cause(number)
		if cause == errorv1.Cause_CAUSE_UNSPECIFIED {
			continue
		}
		label := oerr.CauseLabel(cause)
		_, section, found := strings.Cut(body, `<h3 id="`+label+`">`)
		section, _, _ = strings.Cut(section, "<h")
		if !found || strings.Count(section, "<p>") != 2 || !strings.Contains(section, "<strong>Fix:</strong>") {
			t.Errorf("/docs/errors does not explain %s: run `make generate`", label)
		}
	}
}

// TestTheErrorsOnTheWireHaveAnAnchor: gateway.error_docs_url may be the address of the page. The
// errors are those of every reason, and those that authz names in the refusal of an authorization
// request, also of one that is pushed.
func TestTheErrorsOnTheWireHaveAnAnchor(t *testing.T) {
	names := map[string]bool{"server_error": true, "invalid_redirect_uri": true, "invalid_client_metadata": true, "invalid_token": true}
	for number := range errorv1.Reason_name {
		if f, ok := dialect.FailureOf(errorv1.Reason(number)); ok {
			names[f.FormError] = true
		}
	}
	checks, err := filepath.Glob("../../../services/authz/internal/flow/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range checks {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`redirectWith\([\w.]+, "(\w+)"`).FindAllSubmatch(source, -1) {
			names[string(found[1])] = true
		}
	}
	for _, name := range []string{"invalid_grant", "slow_down", "unsupported_response_type", "request_not_supported", "registration_not_supported"} {
		if !names[name] {
			t.Errorf("%s was not found", name)
		}
	}
	ids := parse(t, get(newSite(t, catalog.Default()), "/docs/errors").Body.String()).ids
	for name := range names {
		if ids[name] != 1 {
			t.Errorf("there is no anchor for %s", name)
		}
	}
}

func TestTheScopesAreThoseOfTheCatalog(t *testing.T) {
	c, err := catalog.Parse([]byte(`
scopes: [{name: "a:read", description: "See <b>a|b</b>", access: read}]
endpoints: [{endpoint: "GET /v1/a/:id", scope: "a:read"}]
plans: [{name: gold, endpoints: all}]
`))
	if err != nil {
		t.Fatal(err)
	}
	site := newSite(t, c)
	body := get(site, "/docs/scopes").Body.String()
	for _, want := range []string{"<code>a:read</code>", "<code>GET /v1/a/:id</code>", "gold", "can view", `id="endpoints"`, `href="#endpoints"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(body, "<b>") || strings.Contains(body, "upload") {
		t.Error("the page has markup of the catalog, or another catalog")
	}
}

func TestAnAddressWithoutAPageIsNotFound(t *testing.T) {
	site := newSite(t, catalog.Default())
	for _, path := range []string{"/docs/", "/docs/nothing", "/docs/quick-start/", "/docs/quick-start.m" + "d", "/docs/quick%2Dstart", "/docs/../docs/errors"} {
		if w := get(site, path); w.Code != http.StatusNotFound {
			t.Errorf("%s gets %d", path, w.Code)
		}
	}
}

// TestTheFrameIsInTheLanguageOfTheBrowser: every title and summary of the table of contents, the menu
// and the links to the next pages; the text is marked as English.
func TestTheFrameIsInTheLanguageOfTheBrowser(t *testing.T) {
	site := newSite(t, catalog.Default())
	german := message.Load().Match("de")
	index, article := get(site, docsite.Path).Body.String(), get(site, docsite.Path+"/errors").Body.String()
	unescaped := html.UnescapeString(index)
	for _, group := range docs.Groups() {
		for _, p := range group.Pages {
			for _, text := range []string{p.Title, p.Summary, group.Name} {
				if !strings.Contains(unescaped, ">"+german.Text(text)+"<") {
					t.Errorf("the German table of contents has not %q", german.Text(text))
				}
			}
			if german.Text(p.Summary) == p.Summary {
				t.Errorf("%q is not in German", p.Summary)
			}
		}
	}
	for _, want := range []string{`<html lang="de"`, `<h1 lang="en" dir="ltr">Errors</h1>`, `<div class="text" lang="en" dir="ltr">`, "Auf dieser Seite", "Weitere Seiten", ">Schnellstart</a>"} {
		if !strings.Contains(article, want) {
			t.Errorf("the page has not %q", want)
		}
	}
}

// TestTheSameExampleInAnotherLanguageIsFolded so that the page stays as short as with one language.
func TestTheSameExampleInAnotherLanguageIsFolded(t *testing.T) {
	body := get(newSite(t, catalog.Default()), "/docs/quick-start").Body.String()
	for _, language := range []string{"Go", "Python", "TypeScript"} {
		if !strings.Contains(body, `<details class="more"><summary>`+language+"</summary>\n"+`<pre tabindex="0"><code>`) {
			t.Errorf("the quick start has no example in %s", language)
		}
	}
}
