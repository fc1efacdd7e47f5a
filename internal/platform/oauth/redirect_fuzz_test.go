package oauth_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// FuzzMatchRedirectURI: URIs that match without being equal differ in a loopback port only.
func FuzzMatchRedirectURI(f *testing.F) {
	for _, uri := range otherSpellings() {
		f.Add(registered, uri, true)
	}
	f.Add("http://127.0.0.1/cb", "http://127.0.0.1:8080/cb", false)
	f.Add("http://localhost:80/cb", "http://localhost/cb", true)
	f.Add("http://localhost/cb", "http://localhost:1@evil.test/cb", true)
	f.Add("http://localhost/cb", "http://localhost.evil.test/cb", true)
	f.Add("http://[::1]:1?x", "http://[::1]:65535?x", false)
	f.Add("http://127.0.0.1/cb", "http://127.0.0.1:80@evil.test/cb", false)
	f.Add("http://127.0.0.1.evil.test/", "http://127.0.0.1:1.evil.test/", false)
	f.Fuzz(func(t *testing.T, known, presented string, native bool) {
		if known == presented || oauth.CheckRedirectURI(known, allowedSchemes()) != nil || !oauth.MatchRedirectURI([]string{known}, presented, native) {
			return
		}
		a, errA := url.Parse(known)
		b, errB := url.Parse(presented)
		if errA != nil || errB != nil {
			t.Fatalf("%q matches %q: %v, %v", presented, known, errA, errB)
		}
		if host := b.Hostname(); host != a.Hostname() || host != "127.0.0.1" && host != "::1" && (host != "localhost" || !native) || b.User != nil {
			t.Errorf("%q matches %q on another host", presented, known)
		}
		a.Host, b.Host = "", ""
		if a.Scheme != "http" || a.String() != b.String() {
			t.Errorf("%q matches %q", presented, known)
		}
	})
}

// FuzzCheckRedirectURI: a response can be appended to every registrable URI, and its target stays
// the same.
func FuzzCheckRedirectURI(f *testing.F) {
	for _, uri := range append(otherSpellings(), registered, "http://[::1]:80/cb?a=%20&b", "http://localhost", "https://h?a;b") {
		f.Add(uri, "state")
	}
	for _, uri := range []string{"cursor://anysphere.cursor-mcp/oauth/callback", "com.example.app:/cb?a=1", "com.example.app:/a/..;/b", "JavaScript:/x"} {
		f.Add(uri, "state")
	}
	for _, state := range states() {
		f.Add(registered, state)
	}
	f.Fuzz(func(t *testing.T, uri, state string) {
		if oauth.CheckRedirectURI(uri, allowedSchemes()) != nil {
			return
		}
		full, err := oauth.AppendQuery(uri, [2]string{"code", "c"}, [2]string{"state", state}, [2]string{"iss", "i"})
		if err != nil || !strings.HasPrefix(full, uri) {
			t.Fatalf("AppendQuery(%q) = %q, %v", uri, full, err)
		}
		before, err := url.Parse(uri)
		if err != nil {
			t.Fatalf("%q may be registered: %v", uri, err)
		}
		after, err := url.Parse(full)
		if err != nil {
			t.Fatalf("%q: %v", full, err)
		}
		if after.Host != before.Host || after.Scheme != before.Scheme || after.Path != before.Path || after.User != nil || after.Fragment != "" || strings.Contains(full, "#") {
			t.Errorf("%q has another target than %q", full, uri)
		}
		if got := after.Query(); !slices.Equal(got["state"], []string{state}) || !slices.Equal(got["code"], []string{"c"}) || !slices.Equal(got["iss"], []string{"i"}) {
			t.Errorf("%q does not give the response back", full)
		}
	})
}
