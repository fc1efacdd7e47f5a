package message_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vidocu/usher/gateway/internal/message"
)

const root = "../../../"

// texts returns the catalog of a language as the file has it.
func texts(t *testing.T, language string) map[string]json.RawMessage {
	t.Helper()
	content, err := os.ReadFile("texts/" + language + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]json.RawMessage
	if err := json.Unmarshal(content, &texts); err != nil {
		t.Fatal(err)
	}
	return texts
}

var verb = regexp.MustCompile(`%(\[\d\])?[ds]`)

func TestEveryTextHasThePlacesOfItsKey(t *testing.T) {
	for _, language := range []string{"en", "de"} {
		for key, raw := range texts(t, language) {
			forms := map[string]string{}
			if err := json.Unmarshal(raw, &forms); err != nil {
				var text string
				if err := json.Unmarshal(raw, &text); err != nil || text == "" {
					t.Errorf("%s: %q has no text: %v", language, key, err)
				}
				forms["other"] = text
			}
			want, got := verb.FindAllString(key, -1), verb.FindAllString(forms["other"], -1)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) || len(forms) == 2 && forms["one"] == "" {
				t.Errorf("%s: %q has the places %q, its text %q", language, key, want, got)
			}
			if strings.ContainsAny(forms["one"]+forms["other"], "<>&") {
				t.Errorf("%s: %q has markup", language, key)
			}
		}
	}
}

// action matches a text in a template.
var action = regexp.MustCompile(`{{tf? "([^"]*)"|\(anchor (?:"[^"]*"|\.\w+|\([^)]*\)) "([^"]*)"`)

// sentence matches a literal that can only be a text of a page: log lines begin in lower case, and
// names of headers have no space.
var sentence = regexp.MustCompile(`^(%[sd]|[A-Z][a-z'-]*) .*[a-z%s?.]$`)

// development are the files of the development server's pages, which are in English.
var development = []string{"components.go", "demo.go", "components.html", "demo.html", "home.html"}

// used returns every literal of the pages' sources, and those that must be in the catalog.
func used(t *testing.T) (all, needed map[string]bool) {
	t.Helper()
	all, needed = map[string]bool{}, map[string]bool{}
	for _, pattern := range []string{"gateway/internal/page/files/*.html", "gateway/internal/page/*.go", "gateway/internal/browser/*.go", "gateway/internal/account/*.go", "gateway/internal/developers/*.go", "gateway/internal/workspaces/*.go", "gateway/problem.go", "gateway/config.go", "docs/docs.go", "gateway/internal/docsite/site.go"} {
		for _, name := range glob(t, pattern) {
			if slices.Contains(development, filepath.Base(name)) || strings.HasSuffix(name, "_test.go") {
				continue
			}
			if filepath.Ext(name) == ".go" {
				for _, text := range literals(t, name) {
					all[text] = true
					needed[text] = needed[text] || sentence.MatchString(text)
				}
				continue
			}
			for _, found := range action.FindAllStringSubmatch(read(t, name), -1) {
				text := found[1] + found[2]
				all[text], needed[text] = true, true
			}
		}
	}
	return all, needed
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(root + pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: no files, %v", pattern, err)
	}
	return names
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// literals returns the string literals of a Go file.
func literals(t *testing.T, name string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil {
				found = append(found, text)
			}
		}
		return true
	})
	return found
}

// TestEveryTextOfAPageIsInEveryLanguage, and no language has a text that no page shows. Messages of
// authz and the default catalog's descriptions are translated too.
func TestEveryTextOfAPageIsInEveryLanguage(t *testing.T) {
	all, needed := used(t)
	for _, name := range append(glob(t, "services/authz/internal/flow/*.go"), root+"internal/platform/catalog/openid.go") {
		for _, text := range literals(t, name) {
			all[text] = true
		}
	}
	defaults := read(t, root+"internal/platform/catalog/default.yaml")
	german := texts(t, "de")
	for text, must := range needed {
		if german[text] == nil && must {
			t.Errorf("%q is not in German", text)
		}
	}
	months := "January February March April May June July August September October November December"
	for text := range german {
		if !all[text] && !strings.Contains(defaults, ": "+text+",") && !strings.Contains(months, text) {
			t.Errorf("no page shows %q, which is in German", text)
		}
	}
	for text, raw := range texts(t, "en") {
		if german[text] == nil || strings.HasPrefix(string(raw), `"`) {
			t.Errorf("English has %q, which is not a plural in German too", text)
		}
	}
}

func TestTheLanguageIsTheFirstListsThatFits(t *testing.T) {
	l := message.Load()
	for _, row := range []struct {
		want  string
		lists []string
	}{
		{"en", nil},
		{"en", []string{""}},
		{"de", []string{"de"}},
		{"de", []string{"de-AT"}},
		{"de", []string{"DE-de-1996"}},
		{"en", []string{"en-GB,de;q=0.9"}},
		{"de", []string{"fr,de;q=0.5"}},
		{"de", []string{"en;q=0.4, de;q=0.8"}},
		{"en", []string{"fr"}},
		{"en", []string{"*"}},
		{"en", []string{"de;q=0"}},
		{"de", []string{"de", "en"}},
		{"en", []string{"en", "de"}},
		{"de", []string{"fr", "de"}},
		{"de", []string{"", "de"}},
		{"en", []string{"<script>"}},
		{"de", []string{"not a list", "de"}},
		{"en", []string{strings.Repeat("de,", 1000)}},
		{"en", []string{"\xff\x00"}},
	} {
		if got := l.Match(row.lists...).Tag(); got != row.want {
			t.Errorf("%.40q is %s, want %s", row.lists, got, row.want)
		}
	}
	for locales, want := range map[string]string{"": "", "de": "de", "fr-CA fr en": "en", "fr": "", "de-CH  en": "de", "x y z": ""} {
		if got := l.MatchUILocales(locales); got != want {
			t.Errorf("ui_locales=%q is %q, want %q", locales, got, want)
		}
	}
}

// TestThePseudoLanguageIsForDevelopment: every text of the catalog is in it, and its places stay.
func TestThePseudoLanguageIsForDevelopment(t *testing.T) {
	if got := message.Load().Match("ar-XB").Tag(); got != "en" {
		t.Errorf("ar-XB is %s without the pseudo-language", got)
	}
	l := message.LoadWithPseudo()
	p := l.Match("ar-XB")
	if !p.RightToLeft() || p.Tag() != "ar-XB" || l.Match("de").RightToLeft() || l.Match("de").Tag() != "de" {
		t.Fatalf("ar-XB is %s", p.Tag())
	}
	if got, want := p.Text("Deny"), "\u202eDeny\u202c"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := p.Format("Allow %s?", "<b>"), "\u202eAllow \u202c<b>?"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for key := range texts(t, "de") {
		if key != "%[1]d %[2]s %[3]s, %[4]s %[5]s" && p.Text(key) == key && !strings.Contains(key, "%") {
			t.Errorf("%q is not in ar-XB", key)
		}
	}
}

func TestTextsAndPluralForms(t *testing.T) {
	for i, want := range [][]string{
		{"Deny", "an operator's own text: 100 %", "1 second", "2 seconds", "Allow a <b> 100%?"},
		{"Ablehnen", "an operator's own text: 100 %", "einer Sekunde", "2 Sekunden", "a <b> 100% erlauben?"},
	} {
		p := message.Load().Printers()[i]
		got := []string{p.Text("Deny"), p.Text("an operator's own text: 100 %"), p.Format("%d seconds", 1), p.Format("%d seconds", 2), p.Format("Allow %s?", "a <b> 100%")}
		if !slices.Equal(got, want) {
			t.Errorf("%s has %q, want %q", p.Tag(), got, want)
		}
	}
}
