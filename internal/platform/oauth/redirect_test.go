package oauth_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
)

const registered = "https://app.test/callback"

// otherSpellings are URIs that a normalizing comparison would accept for the registered URI.
func otherSpellings() []string {
	return []string{
		"https://app.test/CALLBACK", "https://APP.test/callback", "HTTPS://app.test/callback",
		"http://app.test/callback", "https://app.test:443/callback", "https://app.test/callback/",
		"https://app.test/callbackX", "https://app.test/callback/../x", "https://app.test/x/..;/callback",
		"https://app.test/%63allback", "https://app.test//callback", "https://app.test/callback?x=1",
		"https://app.test/callback?", "https://app.test/callback#", "https://app.test/callback#f",
		"https://u@app.test/callback", "https://app.test@evil.test/callback", "https://a@b@app.test/callback",
		`https://app.test\@evil.test/callback`, "https://app.test.evil.test/callback", "https://аpp.test/callback",
		"https://xn--pp-6kc.test/callback", "https://app.test/callback%00", "https://app.test/callback\x00",
		" https://app.test/callback", "https://app.test/callback ", "https://app.test/callback\n",
		"//app.test/callback", "javascript:alert(1)//app.test/callback", "", "https://app.test", "/callback", "callback",
	}
}

func TestRFC6749_3_1_2_RedirectURIIsComparedByteForByte(t *testing.T) {
	known := []string{"https://other.test/", registered, "http://127.0.0.1/cb"}
	if !oauth.MatchRedirectURI(known, registered, true) {
		t.Fatal("the registered URI itself is refused")
	}
	for _, uri := range otherSpellings() {
		if oauth.MatchRedirectURI(known, uri, true) {
			t.Errorf("%q passes as %q", uri, registered)
		}
	}
	if oauth.MatchRedirectURI(nil, registered, true) || oauth.MatchRedirectURI([]string{""}, "", true) {
		t.Error("a client without redirect URIs has one")
	}
}

func TestRFC8252_7_3_LoopbackPortIsFree(t *testing.T) {
	for _, host := range []string{"http://127.0.0.1", "http://[::1]", "http://localhost"} {
		for _, rest := range []string{"", "/", "/cb", "/cb?a=1:2", "?a=1"} {
			for _, from := range []string{"", ":1", ":8080"} {
				for _, to := range []string{"", ":1", ":80", ":65535"} {
					if !oauth.MatchRedirectURI([]string{host + from + rest}, host+to+rest, host == "http://localhost") {
						t.Errorf("%s%s%s does not match %s%s%s", host, to, rest, host, from, rest)
					}
				}
			}
		}
	}
}

func TestRFC8252_7_3_NothingButTheLoopbackPortIsFree(t *testing.T) {
	known := []string{
		"http://127.0.0.1/cb", "http://[::1]:9/cb6", "http://localhost:80/cb", "https://127.0.0.1/tls",
		"http://127.0.0.1.evil.test/cb", "http://127.0.0.2/two",
	}
	for _, uri := range []string{
		"http://127.0.0.1:/cb", "http://127.0.0.1:0/cb", "http://127.0.0.1:08/cb", "http://127.0.0.1:65536/cb",
		"http://127.0.0.1:+80/cb", "http://127.0.0.1:-1/cb", "http://127.0.0.1:8_0/cb", "http://127.0.0.1:80x/cb",
		"http://127.0.0.1: 80/cb", "http://127.0.0.1:80:80/cb", "http://127.0.0.1:80@evil.test/cb",
		"http://127.0.0.1:80#/cb", "http://127.0.0.1:80\\/cb", "http://127.0.0.1:99999999999999999999/cb",
		"http://127.0.0.1:80", "http://127.0.0.1:80/", "http://127.0.0.1:80/cb/", "http://127.0.0.1:80/CB",
		"http://127.0.0.1:80/cb?", "http://127.0.0.1:80/cb#f", "http://127.0.0.1:80//cb", "http://u@127.0.0.1:80/cb",
		"http://127.0.0.1:80/cb6", "http://[::1]:80/cb", "http://127.1:80/cb", "http://2130706433:80/cb",
		"http://[0:0:0:0:0:0:0:1]:80/cb6", "http://[::ffff:127.0.0.1]:80/cb", "HTTP://127.0.0.1:80/cb",
		"http://localhost:81/cb", "http://localhost/cb", "https://127.0.0.1:443/tls", "https://127.0.0.1:80/cb",
		"http://127.0.0.1.evil.test:80/cb", "http://127.0.0.2:80/two",
	} {
		if oauth.MatchRedirectURI(known, uri, false) {
			t.Errorf("%q passes", uri)
		}
	}
}

func TestRFC6749_4_1_2_ResponseParametersAreAppended(t *testing.T) {
	pairs := [][2]string{{"code", "a-b_c"}, {"state", "x y+z&code=evil"}}
	const added = "code=a-b_c&state=x%20y%2Bz%26code%3Devil"
	for uri, want := range map[string]string{
		"https://app.test/cb":              "https://app.test/cb?" + added,
		"https://app.test":                 "https://app.test?" + added,
		"https://app.test/cb?":             "https://app.test/cb?" + added,
		"https://app.test/cb?a=1":          "https://app.test/cb?a=1&" + added,
		"https://app.test/cb?a=1&":         "https://app.test/cb?a=1&" + added,
		"https://app.test/cb?b=+%2b%2B&a&": "https://app.test/cb?b=+%2b%2B&a&" + added,
	} {
		if got, err := oauth.AppendQuery(uri, pairs...); err != nil || got != want {
			t.Errorf("AppendQuery(%q) = %q, %v, want %q", uri, got, err, want)
		}
	}
	if got, err := oauth.AppendQuery("https://app.test/cb?a=1"); err != nil || got != "https://app.test/cb?a=1" {
		t.Errorf("nothing to append changes the URI: %q, %v", got, err)
	}
	for _, uri := range []string{"", "https://app.test/cb#f", "https://app.test/c b", "https://app.test/\r\nX: y", "https://app.test/é"} {
		if got, err := oauth.AppendQuery(uri, pairs...); !errors.Is(err, oauth.ErrRedirectURI) || got != "" {
			t.Errorf("AppendQuery(%q) = %q, %v", uri, got, err)
		}
	}
}

// states are values that a careless redirect would break or let inject.
func states() []string {
	return []string{
		"", "a\r\nSet-Cookie: x=1", `"><script>alert(1)</script>`, "a&code=evil&iss=https://evil.test", "a+b c",
		"😀", "\x00", strings.Repeat("x", 4096), "%2B%", "a;b=c#d?e", "\x7f\t\u2028",
	}
}

func TestRFC6749_4_1_2_StateComesBackByteForByte(t *testing.T) {
	for _, state := range states() {
		uri, err := oauth.AppendQuery(registered+"?kept=1", [2]string{"code", "c"}, [2]string{"state", state}, [2]string{"iss", "https://vidocu.ai"})
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		got := u.Query()
		for name, want := range map[string]string{"kept": "1", "code": "c", "state": state, "iss": "https://vidocu.ai"} {
			if !slices.Equal(got[name], []string{want}) {
				t.Errorf("%s is %q, want %q", name, got[name], want)
			}
		}
		if len(got) != 4 || strings.ContainsAny(uri, "\r\n\x00 #+") {
			t.Errorf("%q brings more than it should", uri)
		}
	}
}
