package oauth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
)

func TestRFC6749_3_1_2_RegistrableRedirectURIs(t *testing.T) {
	for _, uri := range []string{
		"https://yourapp.com/callback", "https://yourapp.com", "https://app.test:8443/cb?tenant=a%20b&x", "https://xn--pp-6kc.test/",
		"http://127.0.0.1/callback", "http://127.0.0.1:8080", "http://[::1]/cb", "http://[::1]:65535/cb", "http://localhost:8080/demo/callback",
		"https://[2001:db8::1]/cb", "https://10.0.0.1/cb", "https://app.test/@me/~x;y=1,(2)!$'", "https://app.test/%E2%9C%93",
	} {
		if err := oauth.CheckRedirectURI(uri); err != nil {
			t.Errorf("CheckRedirectURI(%q): %v", uri, err)
		}
		if !oauth.MatchRedirectURI([]string{uri}, uri) {
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
		"user information":  {"https://u@app.test/", "https://u:p@app.test/", "https://@app.test/", "http://127.0.0.1:80@evil.test/"},
		"http is for":       {"http://app.test/cb", "http://127.0.0.2/cb", "http://localhost.evil.test/", "http://127.0.0.1.evil.test/", "http://LOCALHOST/"},
		"control character": {"https://app.test/%00", "https://app.test/%0d%0aX", "https://app.test/?a=%7F"},
		"must begin with":   {"//app.test/cb", "/cb", "cb", "app.test", "HTTPS://app.test/cb", "javascript:alert(1)", "data:text/html,x", "com.example.app:/cb", "ftp://app.test/", "https:app.test", "https:/app.test/cb"},
		"host":              {"https://", "https:///cb", "https://:443/cb", "https://app..test/", "https://.test/", "https://app.test./", "https://a_b.test/", "https://a!b/", "https://[fe80::1%25eth0]/"},
		"port":              {"https://app.test:/cb", "https://app.test:0/cb", "https://app.test:65536/", "https://app.test:080/"},
		"character":         {"https://app.test/a b", " https://app.test/", "https://app.test/\n", "https://app.test/\x00", `https://app.test\@evil.test/`, "https://аpp.test/", "https://app.test/<x>", "https://app.test/{id}", `https://app.test/"`},
		"percent-encoding":  {"https://app.test/%", "https://app.test/%zz", "https://app.test/%ff", "https://app.test/?a=%f"},
		"query":             {"https://app.test/?a=1;b=2"},
		"parameter":         {"https://app.test/?code=1", "https://app.test/?a=1&st%61te=", "https://app.test/?iss=x", "https://app.test/?error"},
		"not a URI":         {"https://app.test:x/", "https://[::1/", "https://[1.2.3.4]/"},
	} {
		for _, uri := range uris {
			err := oauth.CheckRedirectURI(uri)
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
	err := oauth.CheckRedirectURI("myapp://callback")
	if err == nil || !strings.Contains(err.Error(), "https://") || !strings.Contains(err.Error(), "com.example.app:/callback") {
		t.Errorf("it says %v", err)
	}
}
