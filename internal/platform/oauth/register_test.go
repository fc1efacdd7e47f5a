package oauth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// allowedSchemes are private-use schemes without a dot that the operator allows.
func allowedSchemes() []string { return []string{"cursor", "vscode-insiders"} }

func TestRFC6749_3_1_2_RegistrableRedirectURIs(t *testing.T) {
	for _, uri := range []string{
		"https://yourapp.com/callback", "https://yourapp.com", "https://app.test:8443/cb?tenant=a%20b&x", "https://xn--pp-6kc.test/",
		"http://127.0.0.1/callback", "http://127.0.0.1:8080", "http://[::1]/cb", "http://[::1]:65535/cb", "http://localhost:8080/demo/callback",
		"https://[2001:db8::1]/cb", "https://10.0.0.1/cb", "https://app.test/@me/~x;y=1,(2)!$'", "https://app.test/%E2%9C%93",
		"com.example.app:/cb", "com.example.app://host/cb?x=1", "cursor://anysphere.cursor-mcp/oauth/callback", "vscode-insiders://ms.mcp/cb",
		"https://app.test/a..b/...", "https://app.test/.well-known/cb", "https://app.test/?to=..",
	} {
		if err := oauth.CheckRedirectURI(uri, allowedSchemes()); err != nil {
			t.Errorf("CheckRedirectURI(%q): %v", uri, err)
		}
		if !oauth.MatchRedirectURI([]string{uri}, uri, false) {
			t.Errorf("%q does not match itself", uri)
		}
	}
}

func TestRFC6749_3_1_2_RefusedRedirectURIs(t *testing.T) {
	for why, uris := range map[string][]string{
		"missing":           {""},
		"longer":            {"https://app.test/" + strings.Repeat("x", 2048)},
		"fragment":          {"https://app.test/cb#", "https://app.test/cb#f"},
		"wildcard":          {"https://*.app.test/cb", "https://app.test/*", "*"},
		"user information":  {"https://a@b@app.test/", "com.example.app://u@h/cb", "cursor://a@b@c/cb", "https://u@app.test/", "https://u:p@app.test/", "https://@app.test/", "http://127.0.0.1:80@evil.test/"},
		"http is for":       {"http://app.test/cb", "http://127.0.0.2/cb", "http://localhost.evil.test/", "http://127.0.0.1.evil.test/", "http://LOCALHOST/"},
		"control character": {"https://app.test/%00", "https://app.test/%0d%0aX", "https://app.test/?a=%7F"},
		"must begin with":   {"//app.test/cb", "/cb", "cb", "app.test", "myapp://cb", "Com.example.app:/cb", "com.example+x:/cb"},
		"lower case":        {"HTTPS://app.test/cb", "Http://127.0.0.1/cb"},
		"slash":             {"https:app.test", "https:/app.test/cb", "com.example.app:cb", "cursor:cb", "com.example.app:"},
		"browsers or":       {"javascript:alert(1)", "JaVaScRiPt://app.test/alert(1)", "data:text/html,x", "ftp://app.test/", "wss://app.test/", "FILE:///x", "intent://x"},
		"segment ..":        {"https://app.test/cb/../x", "https://app.test/%2e%2E/x", "https://app.test/x/..;/cb", "https://app.test/..%2fx", "https://app.test/a/%2e%2e%3bx/b", "com.example.app:/../x", "cursor://h/.."},
		"host":              {"https://", "https:///cb", "https://:443/cb", "https://app..test/", "https://.test/", "https://app.test./", "https://a_b.test/", "https://a!b/", "https://[fe80::1%25eth0]/"},
		"port":              {"https://app.test:/cb", "https://app.test:0/cb", "https://app.test:65536/", "https://app.test:080/"},
		"character":         {"https://app.test/a b", " https://app.test/", "https://app.test/\n", "https://app.test/\x00", `https://app.test\@evil.test/`, "https://аpp.test/", "https://app.test/<x>", "https://app.test/{id}", `https://app.test/"`},
		"percent-encoding":  {"https://app.test/%", "https://app.test/%zz", "https://app.test/%ff", "https://app.test/?a=%f"},
		"query":             {"https://app.test/?a=1;b=2"},
		"parameter":         {"https://app.test/?code=1", "https://app.test/?a=1&st%61te=", "https://app.test/?iss=x", "https://app.test/?error"},
		"not a URI":         {"https://app.test:x/", "https://[::1/", "https://[1.2.3.4]/"},
	} {
		for _, uri := range uris {
			err := oauth.CheckRedirectURI(uri, allowedSchemes())
			if !errors.Is(err, oauth.ErrRedirectURI) || !strings.Contains(err.Error(), why) {
				t.Errorf("CheckRedirectURI(%q) = %v, want the reason %q", uri, err, why)
			}
			if err != nil && len(uri) > 8 && strings.Contains(err.Error(), uri) {
				t.Errorf("the error repeats the URI: %v", err)
			}
		}
	}
}

// TestFault_C12_ARefusedSchemeSaysWhatIsWanted.
func TestFault_C12_ARefusedSchemeSaysWhatIsWanted(t *testing.T) {
	err := oauth.CheckRedirectURI("myapp://callback", allowedSchemes())
	if err == nil || !strings.Contains(err.Error(), "https://") || !strings.Contains(err.Error(), "com.example.app:/callback") {
		t.Errorf("it says %v", err)
	}
}

func TestRFC8252_7_1_TheOperatorAllowsSchemesButNotThoseOfBrowsers(t *testing.T) {
	for scheme, want := range map[string]bool{
		"cursor": true, "vscode-insiders": true, "com.example.app": true, "a1": true,
		"javascript": false, "JavaScript": false, "data": false, "https": false, "http": false, "ws": false, "Cursor": false, "cursor:": false,
		"": false, "1x": false, "x/y": false, "mailto": false, "ünicode": false,
	} {
		if err := oauth.CheckPrivateUseScheme(scheme); (err == nil) != want {
			t.Errorf("CheckPrivateUseScheme(%q) = %v", scheme, err)
		}
	}
	if err := oauth.CheckRedirectURI("cursor://x/cb", nil); err == nil || strings.Contains(err.Error(), "operator") {
		t.Errorf("a scheme that the operator does not allow: %v", err)
	}
	err := oauth.CheckRedirectURI("myapp://x/cb", allowedSchemes())
	if err == nil || !strings.Contains(err.Error(), "cursor and vscode-insiders") {
		t.Errorf("the refusal does not name the schemes that are allowed: %v", err)
	}
}
