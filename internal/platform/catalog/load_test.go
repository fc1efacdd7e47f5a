package catalog_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/sdk/enforce"
)

const small = `scopes:
  - name: a:read
    description: Read a
  - name: a:write
    description: Write a
endpoints:
  - endpoint: GET /v1/a
    scope: a:read
  - endpoint: POST /v1/a/:id
    scope: a:write
plans:
  - name: free
    endpoints:
      - GET /v1/a
  - name: pro
    endpoints: all
`

func load(t testing.TB, text string) (*catalog.Catalog, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "catalog.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return catalog.Load(path)
}

func TestAnOperatorReplacesTheCatalog(t *testing.T) {
	c, err := load(t, small)
	if err != nil {
		t.Fatal(err)
	}
	read, write := enforce.Endpoint{Method: "GET", Path: "/v1/a", Scope: "a:read"}, enforce.Endpoint{Method: "POST", Path: "/v1/a/:id", Scope: "a:write"}
	if !c.Known("a:read") || c.Known("videos:read") || !allows(c, "free", read) || allows(c, "free", write) || !allows(c, "pro", write) || c.KnownPlan("enterprise") {
		t.Error("the catalog is not the file's")
	}
}

func TestTheDigestIsOfTheContent(t *testing.T) {
	digest := func(text string) string {
		t.Helper()
		c, err := load(t, text)
		if err != nil {
			t.Fatal(err)
		}
		return c.Digest()
	}
	base := digest(small)
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(base) || base == catalog.Default().Digest() {
		t.Errorf("digest %q", base)
	}
	for _, same := range []string{
		"# a comment\n" + small,
		strings.Replace(small, "description: Read a", `description: "Read a"`, 1),
		strings.Replace(small, "endpoints: all", "endpoints: [POST /v1/a/:id, GET /v1/a]", 1),
	} {
		if digest(same) != base {
			t.Errorf("another layout changes the digest:\n%s", same)
		}
	}
	for _, other := range [][2]string{{"Read a", "See a"}, {"POST /v1/a/:id\n", "PUT /v1/a/:id\n"}, {"scope: a:write", "scope: a:read"}, {"name: pro", "name: max"}, {"- GET /v1/a\n", "- POST /v1/a/:id\n"}} {
		if digest(strings.Replace(small, other[0], other[1], 1)) == base {
			t.Errorf("%q for %q does not change the digest", other[1], other[0])
		}
	}
}

// mistakes are edits of the small catalog, each with the line and a part of its error.
func mistakes() []struct {
	from, to string
	line     int
	words    string
} {
	return []struct {
		from, to string
		line     int
		words    string
	}{
		{"a:read\n    description", "a:read\n    descripton", 3, `unknown key "descripton"`},
		{"    description: Write a\n", "", 4, `"description" is missing`},
		{"    description: Write a\n", "    description: Write a\n    description: b\n", 6, "appears twice"},
		{"description: Write a", "description:", 5, "expected a string"},
		{"description: Write a", "description: 5", 5, "expected a string"},
		{"description: Write a", "description: [x]", 5, "expected a string"},
		{"description: Write a", `description: "two\nlines"`, 4, "not one line"},
		{"description: Write a", `description: "turned \u202e round"`, 4, "not one line"},
		{"description: Write a", `description: " x"`, 4, "not one line"},
		{"description: Write a", "description: " + strings.Repeat("x", 201), 4, "not one line"},
		{"name: a:write", "name: a:read", 4, `scope "a:read" appears twice`},
		{"name: a:write", "name: offline_access", 4, `scope "offline_access" means nothing here`},
		{"description: Write a", "description: Write a\n    access: write", 4, "the access of"},
		{"description: Write a", "description: Write a\n    access: ''", 6, "expected a string"},
		{"description: Write a", "description: Write a\n    group: [A]", 6, "expected a string"},
		{"description: Write a", "description: Write a\n    group: \"A\\u202e\"", 4, "the group of"},
		{"description: Write a", "description: Write a\n    sensitive: 'true'", 4, "sensitive of"},
		{"description: Write a", "description: Write a\n    sensitiv: true", 6, `unknown key "sensitiv", expected name, description, group`},
		{"name: a:write", "name: a write", 4, "RFC 6749"},
		{"name: a:write", "name: &x a:write\n    more: *x", 5, `unknown key "more"`},
		{"name: a:read", "name: *x", 2, "unknown anchor"},
		{"scope: a:write", "scope: a:writ", 9, `scope "a:writ" does not exist`},
		{"GET /v1/a\n    scope", "get /v1/a\n    scope", 7, "method"},
		{"GET /v1/a\n    scope", "GET v1/a\n    scope", 7, "slash"},
		{"GET /v1/a\n    scope", "GET /v1/a/\n    scope", 7, "segment"},
		{"GET /v1/a\n    scope", "GET /v1//a\n    scope", 7, "segment"},
		{"GET /v1/a\n    scope", "GET  /v1/a\n    scope", 7, "slash"},
		{"GET /v1/a\n    scope", "GET /v1/../a\n    scope", 7, "segment"},
		{"GET /v1/a\n    scope", "GET /v1/a?b=c\n    scope", 7, "segment"},
		{"GET /v1/a\n    scope", "GET /v1/*\n    scope", 7, "segment"},
		{"GET /v1/a\n    scope", "GET /v1/a%2Fb\n    scope", 7, "segment"},
		{"GET /v1/a\n    scope", "'GET /v1/:'\n    scope", 7, "variable"},
		{"GET /v1/a\n    scope", "GET /v1/:x/:x\n    scope", 7, "variable"},
		{"POST /v1/a/:id", "GET /v1/a", 9, "fits the same requests"},
		{"- GET /v1/a\n", "- GET /v1/b\n", 14, `endpoint "GET /v1/b" does not exist`},
		{"- GET /v1/a\n", "- GET /v1/a\n      - GET /v1/a\n", 15, "appears twice"},
		{"- GET /v1/a\n", "- {}\n", 14, "expected a string"},
		{"endpoints: all", "endpoints: []", 16, "at least one"},
		{"endpoints: all", "endpoints: most", 16, "expected a list"},
		{"name: pro", "name: free", 15, `plan "free" appears twice`},
		{"name: pro", "name: Pro", 15, "lower-case"},
		{"name: pro", "name: 1", 15, "expected a string"},
		{"plans:\n", "plans: {}\nplan:\n", 12, `unknown key "plan"`},
		{"scopes:\n", "version: 2\nscopes:\n", 1, `unknown key "version"`},
		{"endpoints: all\n", "endpoints: all\n---\nscopes: []\n", 17, "second document"},
		{"scope: a:write", "scope: [a:write", 10, "did not find"},
		{"endpoints: all\n", "endpoints: all\n\t- x\n", 17, "tab"},
		{"description: Write a", `description: "Write a`, 5, "unexpected end"},
		{"plans:\n", "plans: x: y\n", 11, "mapping values"},
		{"endpoints: all\n", "endpoints: all\n---\n[\n", 18, "did not find"},
		{"description: Write a", "description: Write \x01", 5, "control characters"},
		{"description: Write a", "description: Write \xff", 5, "UTF-8"},
		{small, "", 1, "empty"},
		{small, "# nothing\n", 1, "empty"},
		{small, "null\n", 1, "expected a mapping"},
		{small, "- a\n", 1, "expected a mapping"},
		{small, "{}\n", 1, `"scopes" is missing`},
		{small, "\nscopes: x\nendpoints: x\nplans: x\n", 2, "expected a list"},
	}
}

func TestAScopeHasAGroupAnAccessAndASensitivity(t *testing.T) {
	c, err := load(t, strings.Replace(small, "description: Write a", "description: Write a\n    sensitive: true\n    access: change\n    group: Things of a", 1))
	if err != nil {
		t.Fatal(err)
	}
	want := catalog.Scope{Name: "a:write", Description: "Write a", Group: "Things of a", Access: catalog.AccessChange, Sensitive: true}
	if got, ok := c.Scope("a:write"); got != want || !ok {
		t.Errorf("the scope is %v", got)
	}
	if got, ok := c.Scope("a:read"); got != (catalog.Scope{Name: "a:read", Description: "Read a"}) || !ok {
		t.Errorf("a scope without them is %v", got)
	}
	if _, ok := c.Scope("a:delete"); ok {
		t.Error("an unknown scope exists")
	}
	for _, s := range catalog.Default().Scopes() {
		if reads := strings.HasSuffix(s.Name, ":read"); s.Group == "" || (s.Access == catalog.AccessRead) != reads || (s.Access == catalog.AccessChange) == reads {
			t.Errorf("the default catalog has %v", s)
		}
	}
}

// TestAFileOf01HasTheDigestOf01: during an upgrade, replicas of both releases report one digest.
func TestAFileOf01HasTheDigestOf01(t *testing.T) {
	c, err := load(t, small)
	if err != nil {
		t.Fatal(err)
	}
	read, write := `{"Method":"GET","Path":"/v1/a","Scope":"a:read"}`, `{"Method":"POST","Path":"/v1/a/:id","Scope":"a:write"}`
	content := `{"Scopes":[{"Name":"a:read","Description":"Read a"},{"Name":"a:write","Description":"Write a"}],"Endpoints":[` + read + "," + write +
		`],"Plans":[{"Name":"free","Endpoints":[` + read + `]},{"Name":"pro","Endpoints":[` + read + "," + write + `]}]}`
	if want := fmt.Sprintf("%x", sha256.Sum256([]byte(content))); c.Digest() != want {
		t.Errorf("the digest is %s, want %s", c.Digest(), want)
	}
}

func TestAMistakeIsNamedWithItsLine(t *testing.T) {
	for _, m := range mistakes() {
		text := strings.Replace(small, m.from, m.to, 1)
		if text == small {
			t.Fatalf("%q changes nothing", m.from)
		}
		c, err := load(t, text)
		if !errors.Is(err, catalog.ErrInvalid) || c != nil {
			t.Errorf("%q for %q gives %v", m.to, m.from, err)
			continue
		}
		if got := err.Error(); !strings.Contains(got, fmt.Sprintf("line %d: ", m.line)) || !strings.Contains(got, m.words) || !strings.Contains(got, "catalog.yaml") {
			t.Errorf("%q for %q gives %q, want line %d and %q", m.to, m.from, got, m.line, m.words)
		}
	}
}

func TestALiteralSegmentWinsWithoutAmbiguity(t *testing.T) {
	const row = "  - endpoint: POST /v1/a/:id\n"
	for other, fine := range map[string]bool{
		"POST /v1/a/new": true, "POST /v1/a/:id/x": true, "GET /v1/a/:id": true, "POST /v1/:kind/new": false, "POST /v1/b/:id": true,
		"POST /v1/a/:other": false, "POST /v1/:kind/:id": true, "POST /:v/a/b": false,
	} {
		_, err := load(t, strings.Replace(small, row, "  - endpoint: "+other+"\n    scope: a:read\n"+row, 1))
		if (err == nil) != fine {
			t.Errorf("%s beside POST /v1/a/:id: %v", other, err)
		}
	}
}

func TestACatalogThatIsNotThereIsNotInvalid(t *testing.T) {
	_, err := catalog.Load(filepath.Join(t.TempDir(), "none.yaml"))
	if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, catalog.ErrInvalid) {
		t.Errorf("a missing file gives %v", err)
	}
}
