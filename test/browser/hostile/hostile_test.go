// Package hostile shows apps in Chromium whose names try to leave their place. It is apart from test/browser,
// so that both run side by side.
package hostile

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/browser"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// hostileName is a name that a registration accepts, and what a page shows of it.
type hostileName struct {
	Name, Shown string
}

// payloads are what a name tries to do: leave its element, run a script, add a control, end the text
// that surrounds it, or look like another name.
func payloads() []string {
	return []string{
		"<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "</bdi></h1><h1>Vidocu Admin", `"><button name=decision value=approve>`,
		`" autofocus onfocus=alert(1) x="`, "' onmouseover='alert(1)", "<svg/onload=alert(1)>", "<iframe srcdoc='<p>x'>", "<style>*{display:none}</style>",
		"<base href=//evil.test>", "<meta http-equiv=refresh content=0>", "<a href=javascript:alert(1)>x</a>", "&lt;b&gt; &#60;b&#62;", "{{.CSRF}} {{template \"x\"}}",
		"${7*7} #{7*7} <%= 7 %>", "<!-- --> <![CDATA[x]]>", "<textarea><title>", "<math><mtext></form><form>", "javascript:alert(1)", "\\u003cscript\\u003e",
	}
}

// hostileNames are 160 names that a registration accepts. The first few are also approved.
func hostileNames() []hostileName {
	names := []hostileName{{Name: "Z" + strings.Repeat("\u0301", 60) + "algo", Shown: "Z\u0301\u0301algo"}}
	same := []string{
		"<img src=x onerror=alert(1)><script>alert(1)</script>", `"><button name=decision value=approve>Allow</button>`, "&lt;b&gt; {{.CSRF}} ${7*7} 'x' `y`",
		"אפליקציה (מאומתת) Vidocu", "Pаypаl", strings.Repeat("W", 100), strings.Repeat("長い名前", 20), "﷽﷽﷽﷽ 𒐫𒐫",
	}
	for _, around := range []string{"%s", "App %s", "%s Inc.", "اسم %s תוכנה", "“%s” (verified)", "%s ✔", "1. %s"} {
		for _, payload := range payloads() {
			same = append(same, fmt.Sprintf(around, payload))
		}
	}
	same = append(same, // confusables and scripts
		"Gооgle", "Micrоsoft", "Αpple", "ɢithub", "Ѕlack", "Zооm", "🅥🅘🅓 Studio", "ＦＵＬＬ ｗｉｄｔｈ", "ꓔеamѕ", "١٢٣", "नमूना", "ไทยไทย")
	for _, name := range same {
		names = append(names, hostileName{name, name})
	}
	return names
}

// refusedNames are 40 names that no registration accepts: they would change the direction of the text
// around them, hide characters, be too long, or look like a reserved name.
func refusedNames() []string {
	names := []string{
		strings.Repeat("x", 4096), strings.Repeat("長", 101), " ", "a\nb", "a\tb", "a\x1bb", "a\u0085b", "a\u2028b", "a\u2029b",
		"Vidocu", "VIDOCU", "Vіdосu", "ｖｉｄｏｃｕ", "Vidocu ✔", "official Vidocu", "V i d o c u", "Vïdöcü", "Ⓥidocu",
	}
	for _, hidden := range []rune{ // bidi controls, zero width, invisible
		0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2062, 0x2066, 0x2067, 0x2068, 0x2069, 0x061c, 0xfeff, 0x00ad, 0x180e,
		0xe0041, 0xfff9,
	} {
		names = append(names, "Exam"+string(hidden)+"ple")
	}
	return names
}

// TestHostileNamesAreRefused at registration, where a page could only cut or repair them.
func TestHostileNamesAreRefused(t *testing.T) {
	site := open(t)
	for _, name := range refusedNames() {
		if out, err := site.Operate(t.Context(), "clients", "create", name, "--public", "--redirect-uri", "http://127.0.0.1/callback", "--scope", "videos:read"); err == nil {
			t.Errorf("a client may have the name %.40q: %s", name, out)
		}
	}
}

// approved is how many of the clients are approved, and listed among the connected ones.
const approved = 9

// TestHostileNamesAreHarmless on the consent page and in the list of connected apps, in a browser
// that ignores the content security policy.
func TestHostileNamesAreHarmless(t *testing.T) {
	site := open(t)
	operate := func(args ...string) {
		t.Helper()
		if out, err := site.Operate(t.Context(), args...); err != nil {
			t.Fatalf("usher %q: %v\n%s", args, err, out)
		}
	}
	var clients []map[string]any
	var manifest struct {
		Clients []map[string]any `json:"clients"`
	}
	for i, n := range hostileNames() {
		id := fmt.Sprint("vdo_client_hostile", i)
		manifest.Clients = append(manifest.Clients, map[string]any{
			"id": id, "name": n.Name, "type": "public", "redirect_uris": []string{"http://127.0.0.1/callback"}, "scopes": []string{"videos:read", "tools:write"},
		})
		request := harness.Request{ClientID: id, RedirectURI: site.AppURL() + "/callback", Scope: "videos:read tools:write", Verifier: harness.NewVerifier()}
		clients = append(clients, map[string]any{"path": request.Path(), "shown": n.Shown, "approved": i < approved})
	}
	file := filepath.Join(t.TempDir(), "clients.json")
	text, err := json.Marshal(manifest)
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	operate("clients", "apply", file)
	operate("workspaces", "create", hostileNames()[1].Name, "--id", "ws_hostile", "--plan", "pro")
	operate("members", "add", "ws_hostile", harness.EstherEmail, "--role", "member")
	expect.NoError(t, site.Play(t.Context(), "hostile", map[string]any{"clients": clients, "workspace": "ws_hostile"}, nil))
}

func open(t *testing.T) *browser.Site {
	t.Helper()
	site, err := browser.Open(t.TempDir(), "../driver")
	expect.NoError(t, err)
	t.Cleanup(func() { expect.NoError(t, site.Close()) })
	return site
}
