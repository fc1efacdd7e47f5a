package page_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/net/html"

	"github.com/vidocu/usher/gateway/internal/page"
)

// hostileNames returns 200 and more names that try to leave their place: markup for every context,
// direction controls, invisible characters, letters that look like others, marks without end, and
// length.
func hostileNames() []string {
	names := markupNames()
	for _, r := range strings.Split("061c 200e 200f 202a 202b 202c 202d 202e 2066 2067 2068 2069 200b 200c 200d 2060 2061 2062 2063 2064 2065 206a 206f feff 00ad 034f "+
		"115f 1160 17b4 17b5 180b 180e 180f 3164 ffa0 fe00 fe0f e0001 e0041 e007f e0100 fff9 fffb fffc fffd 2028 2029 0085 00a0 3000 1680 2800 0000 0007 0008 001b 007f 009b "+
		"e000 f8ff f0000 10ffff 1d173 1bca0 13430 110bd", " ") {
		var point rune
		if _, err := fmt.Sscanf(r, "%x", &point); err != nil {
			panic(err)
		}
		names = append(names, "Pay"+string(point)+"pal", string(point)+"gpj.exe", strings.Repeat(string(point), 100))
	}
	names = append(names,
		"Vіdocu", "Ѵidocu", "Ｖｉｄｏｃｕ", "𝐕𝐢𝐝𝐨𝐜𝐮", "Vidοcu", "Vidocս", "VID0CU", "Ꮩidocu", "Vıdocu", "rnicrosoft", // look like others
		"دخول إلى Vidocu", "אפליקציה (Vidocu)", "\u202eucodiV", "a\u202eb\u202dc\u2066d", "\u202e\u202e\u202e", "1\u2067)2", "(((", "A\u2069\u2069\u2069B", // directions
		"Z"+strings.Repeat("\u0301", 200), strings.Repeat("a\u0489", 100), "\u0e47\u0e47\u0e47\u0e47", "\u20dd\u20dd\u20e3", "ﷺ﷽", "𒐫𒈙", // marks, wide glyphs
		strings.Repeat("x", 4096), strings.Repeat("長", 1365), strings.Repeat("<b>", 1365), strings.Repeat("\u202e", 1365), strings.Repeat("👩‍👩‍👧‍👦", 160), strings.Repeat("a ", 2048), // 4 KB
		"\xff\xfe", "\xc0\xbc/script\xc0\xbe", "a\xe2\x80", " ", "\t\n\r", "-", "...", "\"", "'",
	)
	return names
}

func markupNames() []string {
	var names []string
	for _, payload := range []string{
		"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<b>bold</b>", "</bdi></h1><form action=//evil.test>", "<!--", "-->", "]]>",
		"<style>*{display:none}</style>", "</title><script>alert(1)</script>", "<base href=//evil.test>", "<meta http-equiv=refresh content=0>", "<iframe srcdoc=x>",
		"&lt;script&gt;", "&#60;script&#62;", "&#x3c;b&#x3e;", "&amp;amp;", "&colon;", "{{.CSRF}}", "{{define \"main\"}}", "${7*7}", "%3Cscript%3E", "<a href=javascript:alert(1)>x</a>",
	} {
		names = append(names, payload, `"`+payload, "' "+payload)
	}
	return append(names, `" onmouseover="alert(1)`, `' autofocus onfocus='alert(1)`, "` onclick=`x", `x" checked value="approve`, `"><input name=decision value=approve>`,
		`</button><button name="decision" value="approve">`, "javascript:alert(1)", "data:text/html,x", "//evil.test", "/\\evil.test", "expression(alert(1))", "url(//evil.test/x.css)",
		"</textarea>", "<plaintext>", "<noscript>", "<xmp>", "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">", "<details open ontoggle=alert(1)>", "<input autofocus onfocus=alert(1)>")
}

// hostileViews returns every page that shows names from outside, with one name in every place.
func hostileViews(name string) map[string]page.View {
	at := time.Date(2026, 3, 1, 9, 5, 0, 0, time.UTC)
	user := page.User{Name: name, Email: "john@example.com"}
	workspaces := []page.Workspace{{ID: "ws_1", Name: name, Plan: "pro", Role: "member"}}
	identity := page.Identity{Known: true, Verified: true, Publisher: name, Purpose: name, Address: "https://app.test", Privacy: "https://app.test/p", Terms: "https://app.test/t"}
	self := page.Identity{Known: true, SelfRegistered: true, Address: "https://app.test", Privacy: name, Terms: name}
	permissions := []page.PermissionGroup{{Permissions: []page.Permission{{Name: "videos:read", Description: "View videos", Optional: true}}}}
	consent := page.Consent{CSRF: "token", Request: "request", App: name, Identity: identity, Origin: "https://app.test", User: user, Permissions: permissions, Workspaces: workspaces}
	again, once := consent, consent
	again.Identity, again.Connected, again.Added, again.Had = self, true, permissions, permissions
	once.Connected, once.Had, once.OneClick = true, permissions, &workspaces[0]
	views := map[string]page.View{
		"sign-in": {Template: "signin", Title: "Sign in to continue to %s", TitleName: name, Data: page.SignIn{
			CSRF: "token", Request: "request", App: name, Origin: "https://app.test", Email: name, Person: name, PersonEmail: "john@example.com",
		}},
		"consent": {Template: "consent", Title: "Allow %s?", TitleName: name, Data: consent},
		"again":   {Template: "consent", Title: "Allow %s?", TitleName: name, Data: again},
		"once":    {Template: "consent", Title: "Allow %s?", TitleName: name, Data: once},
		"apps": {Template: "apps", Title: "Connected apps", Frame: &page.Frame{Person: name, CSRF: "token"}, Data: page.Apps{
			CSRF: "token", User: user, Searchable: true, Find: name,
			Apps: []page.App{{ClientID: "app", Name: name, Identity: identity, Approved: at, Used: at, Now: at, Workspaces: []page.AppWorkspace{{ID: "ws_1", Name: name}, {ID: "ws_2", Name: name}}}},
		}},
		"activity": {Template: "activity", Title: "Activity", Frame: &page.Frame{Person: name, CSRF: "token"}, Data: page.Activity{Entries: []page.ActivityEntry{
			{Text: "You allowed %s to use %s", Names: []string{name, name}, At: at}, {Text: "%s was disconnected", Names: []string{name}, At: at, Kind: "danger"},
		}}},
		"notice": {Template: "problem", Title: "You allowed this request", TitleName: name, Data: page.Notice{
			Heading: "You allowed this request", App: name, Text: "It did not come from a page of %s. Nothing was changed.", Names: []string{name}, Workspace: name, At: at, Reference: "r",
			Tell: page.Contact{Address: "https://app.test", Name: name}, Author: "/developers/apps/app/requests?request_id=r",
		}},
	}
	maps.Copy(views, hostileConsole(name))
	maps.Copy(views, hostileWorkspaces(name))
	return views
}

// tone is the class of an avatar's colour, which depends on the name.
var tone = regexp.MustCompile(` t\d"`)

// outline parses a page and returns its elements with their attributes, without the two values that
// are typed, and its text, in which every name is between brackets where it is isolated.
func outline(t *testing.T, text string) (elements []string, shown string) {
	t.Helper()
	tokens := html.NewTokenizer(strings.NewReader(text))
	var plain strings.Builder
	for {
		kind := tokens.Next()
		token := tokens.Token()
		switch kind {
		case html.ErrorToken:
			return elements, plain.String()
		case html.TextToken:
			plain.WriteString(token.Data)
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken, html.CommentToken, html.DoctypeToken:
			for i, a := range token.Attr {
				if a.Key == "value" && slices.ContainsFunc(token.Attr, func(b html.Attribute) bool { return b.Key == "id" && (b.Val == "email" || b.Val == "find") }) {
					token.Attr[i].Val = ""
				}
			}
			elements = append(elements, tone.ReplaceAllString(token.String(), ` t"`))
		}
	}
}

// shares is the number of parts of the names. Names that follow each other are alike in groups of three,
// so that no part may have the same one of each group.
const shares = 7

// share returns the part of the names that a view shows.
func share(view string) (sum int) {
	for _, c := range view {
		sum += int(c)
	}
	return sum % shares
}

// TestNoTextOfAConsentPageIsMarkup: a part of the page is written without a template, so that each of its
// texts must be escaped there.
func TestNoTextOfAConsentPageIsMarkup(t *testing.T) {
	const hostile = `"'><i x="`
	ws := page.Workspace{ID: hostile, Name: hostile, Plan: hostile, Role: hostile, Chosen: true, Badge: &page.Badge{Kind: hostile, Text: hostile}}
	permission := page.Permission{Name: hostile, Description: hostile, Optional: true}
	required := page.Permission{Name: hostile, Description: hostile, Changes: true, Sensitive: true}
	text := pageText{pages: page.New()}.render(page.View{Template: "consent", Title: "Allow %s?", TitleName: hostile, Data: page.Consent{
		CSRF: hostile, Request: hostile, App: hostile, Workspaces: []page.Workspace{ws, ws},
		Permissions: []page.PermissionGroup{{Name: hostile, Permissions: []page.Permission{permission, required}}},
	}})
	if at := strings.Index(text, hostile); at >= 0 {
		t.Errorf("a text is not escaped: %s", text[max(0, at-80):at+40])
	}
	if n := strings.Count(text, "&lt;i x=") + strings.Count(text, "&lt;I x="); n < 15 {
		t.Errorf("the page has %d of the texts", n)
	}
}

func TestHostileNamesStayText(t *testing.T) {
	names := hostileNames()
	if len(names) < 200 {
		t.Fatalf("there are %d names", len(names))
	}
	p := pageText{pages: page.New()}
	plain := map[string][]string{}
	for view, v := range hostileViews("Example App") {
		plain[view], _ = outline(t, p.render(v))
	}
	for i, name := range names {
		for view, v := range hostileViews(name) {
			if strings.Contains(view, " ") && i%shares != share(view) {
				continue // the many pages of the console and the workspaces share the names
			}
			text := p.render(v)
			elements, shown := outline(t, text)
			if !slices.Equal(elements, plain[view]) {
				t.Errorf("%s: %.80q changes the elements of the page", view, name)
			}
			if i := strings.IndexFunc(shown, misleading); i >= 0 {
				t.Errorf("%s: %.80q leaves %q in the text", view, name, shown[i:min(i+8, len(shown))])
			}
			clean := page.Name(name)
			if strings.Count(text, "<bdi>"+html.EscapeString(clean)+"</bdi>")+strings.Count(text, `<bdi class="quiet">`+html.EscapeString(clean)+"</bdi>") == 0 &&
				!strings.Contains(shown, clean) {
				t.Errorf("%s: %.80q is not shown as %.80q", view, name, clean)
			}
			if len([]rune(clean)) > 257 {
				t.Errorf("%.80q is shown with %d characters", name, len([]rune(clean)))
			}
		}
	}
}

// misleading reports whether a character can reverse or hide text.
func misleading(r rune) bool {
	return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || unicode.Is(unicode.Variation_Selector, r))
}

// TestEveryNameIsIsolated: the text around a name from right to left keeps its direction. Only the
// title and the letters of avatars, which hold one letter each, are outside.
func TestEveryNameIsIsolated(t *testing.T) {
	const name = "אפליקציה"
	for view, v := range hostileViews(name) {
		v.Title, v.TitleName = "A title", ""
		text := (pageText{pages: page.New()}).render(v)
		isolated := strings.Count(text, "<bdi>"+name+"</bdi>") + strings.Count(text, `<bdi class="quiet">`+name+"</bdi>")
		typed := strings.Count(text, `value="`+name+`"`)
		// The stylesheet isolates code, and the two sides of a comparison.
		typed += strings.Count(text, `<code class="id">`+name+"</code>") + 3*strings.Count(text, name+"<mark>"+name+"</mark>"+name)
		if all := strings.Count(text, name); all == 0 || all != isolated+typed {
			t.Errorf("%s shows the name %d times, isolated %d times", view, all, isolated)
		}
	}
}

// TestAnAddressOfAnAppIsOpenedOnlyByHTTPS: any other address, and one that could leave its attribute, is
// no link.
func TestAnAddressOfAnAppIsOpenedOnlyByHTTPS(t *testing.T) {
	p := pageText{pages: page.New()}
	for _, address := range append(hostileNames(), "http://app.test", "https:", "https://", "//app.test", "ftp://app.test", "HTTPS:app.test") {
		identity := page.Identity{Known: true, Publisher: "Publisher", Address: address, Privacy: address, Terms: address}
		for view, v := range map[string]page.View{
			"consent": {Template: "consent", Data: page.Consent{App: "App", Identity: identity, Origin: "https://app.test"}},
			"apps":    {Template: "apps", Data: page.Apps{Apps: []page.App{{Name: "App", Identity: identity}}}},
		} {
			if text := p.render(v); strings.Contains(text, "nofollow") {
				t.Errorf("%s: %.80q is a link", view, address)
			}
		}
	}
}
