package arch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func texts(t *testing.T) []Text {
	t.Helper()
	found, err := Texts(os.DirFS(filepath.Join("..", "..")))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestEveryPageThatIsCitedIsHere(t *testing.T) { none(t, Uncited(texts(t))) }

func TestEveryNumberThatIsCitedIsOnItsPage(t *testing.T) { none(t, Unnumbered(texts(t))) }

func TestEveryTestThatAPageNamesIsHere(t *testing.T) { none(t, Untested(texts(t))) }

func TestEverythingThatAPageNamesIsHere(t *testing.T) { none(t, Unknown(texts(t))) }

func TestEveryLinkOfAPageLeadsSomewhere(t *testing.T) { none(t, Unlinked(texts(t))) }

func TestPlantedNamesAreCaught(t *testing.T) {
	const md = ".m" + "d"
	planted, err := Texts(fstest.MapFS{
		"Makefile":                   {Data: []byte("test:\n")},
		"docs/configuration" + md:    {Data: []byte("| `token.life` | `USHER_TOKEN_LIFE` |\n")},
		"docs/telemetry" + md:        {Data: []byte("| `usher_calls_total` | |\n")},
		"docs/picture.png":           {},
		"test/e2e/a_test.go":         {Data: []byte("package e2e\n")},
		"docs/operations" + md:       {Data: []byte("# How to, here\n`make test`, `token.life`, `test/e2e`, `go.mod`, USHER_TOKEN_LIFE, usher_calls_total, [p](picture.png), [h](#how-to-here)\n")},
		"docs/wrong/operations" + md: {Data: []byte("`make tests`, `token.live`, `test/e3e/`, USHER_LIFE, `a.OldName`, usher.token.v1.Gone, `UsherGone`, usher_calls_now, [x](x.png), [h](../operations" + md + "#how)\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	const page = "docs/wrong/operations" + md
	want := []string{
		page + " names the file test/e3e, which is not there",
		page + " names the target of make tests, which is not there",
		page + " names the setting token.live, which is not there",
		page + " names the variable USHER_LIFE, which is not there",
		page + " names the type usher.token.v1.Gone, which is not there",
		page + " names the name OldName, which is not there",
		page + " names the name UsherGone, which is not there",
		page + " names the alert UsherGone, which is not there",
		page + " names the metric usher_calls_now, which is not there",
		page + " links to x.png, which is not in the repository",
		page + " links to docs/operations" + md + "#how, a heading that is not there",
	}
	if diff := cmp.Diff(want, append(Unknown(planted), Unlinked(planted)...)); diff != "" {
		t.Errorf("breaches (-want +got):\n%s", diff)
	}
}

func TestPlantedCitationsAreCaught(t *testing.T) {
	const md = ".m" + "d"
	planted, err := Texts(fstest.MapFS{
		"docs/wire-contract" + md:  {Data: []byte("## 4. Dialects\n### 4.1 Token\n")},
		"docs/security-cases" + md: {Data: []byte("### 7. PKCE\n")},
		"docs/faults-0.1" + md:     {Data: []byte("| A1 | once | now |\n| A2 | once | now |\n")},
		"docs/threats" + md:        {Data: []byte("[here](wire-contract" + md + ") `TestNone`, `TestCase7_…`, https://example.com/x" + md)},
		"a/a_test.go": {Data: []byte("package a // private" + md + ", wire" + " contract §4, docs/wire-contract" + md + " §4.1 and §9, docs/wire-contract" + md + " §9\n" +
			"func TestCase7_X(t *testing.T) {}\nfunc TestCase8_X(t *testing.T) {}\nfunc TestFault_A1_X(t *testing.T) {}\nfunc TestFault_A1_B2_X(t *testing.T) {}\n")},
		"gen/a.go": {Data: []byte("// elsewhere" + md)},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := [][]string{Uncited(planted), Unnumbered(planted), Untested(planted)}
	want := [][]string{
		{
			"a/a_test.go cites private" + md + ", which is not in the repository",
			"a/a_test.go cites \"wire" + " contract §4\": give the page's path",
		},
		{
			"a/a_test.go cites 9 of docs/wire-contract" + md + ", which is not there",
			"a/a_test.go cites 8 of docs/security-cases" + md + ", which is not there",
			"a/a_test.go cites B2 of docs/faults-0.1" + md + ", which is not there",
		},
		{
			"docs/faults-0.1" + md + " has a row A2 that no test is named after",
			"docs/threats" + md + " names the test TestNone, which is not there",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("breaches (-want +got):\n%s", diff)
	}
}

// TestEachConformanceModuleHasATest: a row of docs/openid.md#conformance without the test would promise something.
func TestEachConformanceModuleHasATest(t *testing.T) {
	for _, text := range texts(t) {
		if text.Path != "docs/openid.md" {
			continue
		}
		_, table, _ := strings.Cut(text.Body, "## Conformance")
		rows := 0
		for line := range strings.Lines(table) {
			cells := strings.Split(strings.TrimSpace(line), "|")
			if len(cells) != 4 || strings.HasPrefix(cells[1], " ---") || strings.HasPrefix(cells[1], " **") || cells[1] == " module " {
				continue
			}
			if rows++; !strings.HasPrefix(cells[2], " `Test") {
				t.Errorf("%s has no test", cells[1])
			}
		}
		if rows < 40 {
			t.Errorf("the table has %d rows", rows)
		}
	}
}
