package clients

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// fromElsewhere sends a request from another source address, whose documents are counted apart.
func fromElsewhere(t *testing.T, source, method, address string, form url.Values) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	expect.NoError(t, err)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("X-Forwarded-For", source)
	return req
}

// hostileDocuments returns what a host may send in place of a document, the status of the page, and a
// part of the page.
func hostileDocuments(t *testing.T, p *publisher) map[string]struct {
	id     string
	status int
	says   string
} {
	t.Helper()
	raw := func(path, kind, body string, status int) string {
		return p.serve(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		})
	}
	slow := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("{"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	redirect := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/good", http.StatusFound) }
	p.publish(t, "/good")
	const unavailable, bad = http.StatusServiceUnavailable, http.StatusBadRequest
	return map[string]struct {
		id     string
		status int
		says   string
	}{
		"a host that refuses robots": {raw("/403", "text/html", "<html>", 403), bad, "the response has status 403"},
		"no such document":           {p.URL + "/missing", bad, "the response has status 404"},
		"a host in trouble":          {raw("/500", "application/json", "{}", 500), unavailable, "the response has status 500"},
		"a host with a limit":        {raw("/429", "application/json", "{}", 429), unavailable, "the response has status 429"},
		"a redirect":                 {p.serve("/redirect", redirect), bad, "redirects are not followed"},
		"a page":                     {raw("/page", "text/html", "<html>", 200), bad, "must have the media type application/json"},
		"a large document":           {raw("/large", "application/json", strings.Repeat(" ", 5<<10+1), 200), bad, "more than 5120 bytes"},
		"a slow host":                {p.serve("/slow", slow), unavailable, "was not complete after 3s"},
		"no host":                    {"https://no-such-host.invalid/c", unavailable, "the host cannot be reached"},
		"a private network":          {"https://169.254.169.254/latest/meta-data", unavailable, "the host cannot be reached"},
		"this machine by https":      {"https://" + strings.TrimPrefix(p.URL, "http://") + "/good", unavailable, "the host cannot be reached"},
		"no JSON":                    {raw("/garbage", "application/json", "{", 200), bad, "the document is not a JSON object"},
		"another client's document":  {p.publish(t, "/copied", "client_id", "https://claude.ai/oauth/claude-code-client-metadata"), bad, "client_id must be the address of the document"},
		"a secret":                   {p.publish(t, "/secret", "client_secret", "x"), bad, "client_secret must not be in a document"},
		"one bad redirect URI":       {p.publish(t, "/uris", "redirect_uris", []string{"http://localhost/callback", "http://evil.example/cb"}), bad, "redirect_uris has number 2"},
		"a host that is not its own": {p.publish(t, "/other", "redirect_uris", []string{"https://yourapp.com/callback"}), bad, "has another host than the document"},
		"our own name":               {p.publish(t, "/vidocu", "client_name", "Vidоcu Login"), bad, "reserved"}, // with a Cyrillic о
		"no name":                    {p.publish(t, "/nameless", "client_name", nil), bad, "client_name must have"},
	}
}

// TestMCPFailure_9_ADocumentThatCannotBeReadIsNoUnknownClient: the page says what is wrong, and the
// response to a token request says when to try again. Only a document that describes no client is an invalid one.
func TestMCPFailure_9_ADocumentThatCannotBeReadIsNoUnknownClient(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		p := newPublisher(t)
		b := d.NewBrowser()
		for what, row := range hostileDocuments(t, p) {
			page, err := b.Do(fromElsewhere(t, "203.0.113.8", http.MethodGet, d.PublicURL+documentRequest(row.id).Path(), nil))
			expect.NoError(t, err)
			expect.Page(t, what, page, row.status, row.says, "Nothing was shared with any app.", "Reference")
			if page.Location() != "" || strings.Contains(page.Body, "evil.example") {
				t.Errorf("%s: the page leads to %q: %s", what, page.Location(), page.Body)
			}
			if retry := page.Header.Get("Retry-After") != ""; retry != (row.status == http.StatusServiceUnavailable) {
				t.Errorf("%s: Retry-After is %q", what, page.Header.Get("Retry-After"))
			}
		}
		for path, want := range map[string]int{"/403": http.StatusServiceUnavailable, "/500": http.StatusServiceUnavailable, "/secret": http.StatusUnauthorized, "/copied": http.StatusUnauthorized} {
			for endpoint, body := range map[string]url.Values{
				"/oauth/token": {"grant_type": {"refresh_token"}, "refresh_token": {"vdo_ort_x"}, "client_id": {p.URL + path}},
				"/oauth/par":   {"response_type": {"code"}, "scope": {"videos:read"}, "client_id": {p.URL + path}},
			} {
				a, err := harness.Send(fromElsewhere(t, "203.0.113.8", http.MethodPost, d.PublicURL+endpoint, body))
				expect.NoError(t, err)
				code := map[int]string{http.StatusServiceUnavailable: "temporarily_unavailable", http.StatusUnauthorized: "invalid_client"}[want]
				if a.Status != want || a.Code() != code || (a.Header.Get("Retry-After") != "") != (want == http.StatusServiceUnavailable) {
					t.Errorf("%s: %s returns %d %s, Retry-After %q; want %d %s", path, endpoint, a.Status, a.Raw, a.Header.Get("Retry-After"), want, code)
				}
			}
		}
		german := fromElsewhere(t, "203.0.113.8", http.MethodGet, d.PublicURL+documentRequest(p.URL+"/403").Path(), nil)
		german.Header.Set("Accept-Language", "de")
		page, err := b.Do(german)
		expect.NoError(t, err)
		expect.Page(t, "the page in German", page, http.StatusBadRequest, "konnte nicht gelesen werden")
	})
}

// TestN5_2_AURLThatIsNoIdentifierIsNotRequested: it is compared as a string, and nothing is tidied up.
func TestN5_2_AURLThatIsNoIdentifierIsNotRequested(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		p := newPublisher(t)
		id := p.publish(t, "/a/client.json")
		b := d.NewBrowser()
		host := strings.TrimPrefix(p.URL, "http://")
		for _, bad := range []string{
			p.URL, p.URL + "/", id + "?", id + "?x=1", id + "#", id + "#x", "http://user@" + host + "/a/client.json", p.URL + "/a/./client.json",
			p.URL + "/b/../a/client.json", p.URL + "/b/%2e%2e/a/client.json", p.URL + "/%2E/a/client.json", p.URL + "/b%2f..%2fa/client.json",
			p.URL + `/b\..\a/client.json`, "https://example.com", "https://example.com/", "https://example.com:8443/c", "https://user:x@example.com/c",
			"http://example.com/c", "HTTPS://example.com/c", "https://example.com/" + strings.Repeat("c", 512), "https://example.com/%zz",
		} {
			page, err := b.Get(documentRequest(bad).Path())
			expect.NoError(t, err)
			if page.Status != http.StatusBadRequest || page.Location() != "" {
				t.Errorf("%s: status %d, location %q", bad, page.Status, page.Location())
			}
			a, err := d.Form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_id": {bad}})
			expect.NoError(t, err)
			if a.Status != http.StatusUnauthorized || a.Code() != "invalid_client" {
				t.Errorf("%s: the token endpoint returns %d %s", bad, a.Status, a.Raw)
			}
		}
		if n := p.fetches("/a/client.json"); n != 0 {
			t.Errorf("the document was requested %d times", n)
		}
		if page, err := b.Get(strings.Replace(documentRequest(id).Path(), "%2Fa%2F", "%2FA%2F", 1)); err != nil || page.Status == http.StatusSeeOther {
			t.Errorf("a path in another case: %d, %v", page.Status, err)
		}
	})
}

// TestN5_4_AHerdOfAuthorizationsFetchesOnce: a hundred at once, from browsers that are not signed in.
func TestN5_4_AHerdOfAuthorizationsFetchesOnce(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		p := newPublisher(t)
		id := p.publish(t, "/herd.json")
		harness.Race(100, func(int) {
			page, err := d.NewBrowser().Get(documentRequest(id).Path())
			if err != nil || page.Status != http.StatusSeeOther {
				t.Errorf("an authorization leads to %d, %v", page.Status, err)
			}
		})
		if n := p.fetches("/herd.json"); n != 1 {
			t.Errorf("the document was fetched %d times, want once", n)
		}
	})
}

// TestN5_4_AStrangerCannotMakeUsAHammer: the failures that one source address causes are limited, and
// a document that is known works on.
func TestN5_4_AStrangerCannotMakeUsAHammer(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		p := newPublisher(t)
		id := p.publish(t, "/known.json")
		_, err := d.NewBrowser().Get(documentRequest(id).Path())
		expect.NoError(t, err)
		limited := 0
		for i := range 140 { // more than the budgets of two windows
			body := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_id": {fmt.Sprintf("%s/hammer/%d", p.URL, i)}}
			a, err := harness.Send(fromElsewhere(t, "203.0.113.9", http.MethodPost, d.PublicURL+"/oauth/token", body))
			expect.NoError(t, err)
			expect.Equal(t, "status of a token request", a.Status, http.StatusServiceUnavailable)
			if p.fetches(fmt.Sprintf("/hammer/%d", i)) == 0 {
				limited++
			}
		}
		if limited < 20 {
			t.Errorf("%d of 140 requests were limited, want 20 at least", limited)
		}
		page, err := d.NewBrowser().Get(documentRequest(id).Path())
		expect.NoError(t, err)
		expect.Equal(t, "status of an authorization of a known client", page.Status, http.StatusSeeOther)
	})
}

// TestN5_11_AReuseEndsOneInstallation: all installations of a program share its identifier.
func TestN5_11_AReuseEndsOneInstallation(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		p := newPublisher(t)
		id := p.publish(t, "/reuse.json")
		b := d.NewBrowser()
		stolen, err := d.Issue(b, documentRequest(id))
		expect.NoError(t, err)
		other, err := d.Issue(b, documentRequest(id))
		expect.NoError(t, err)
		refresh := func(token string) harness.Response {
			t.Helper()
			a, err := d.Form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {id}})
			expect.NoError(t, err)
			return a
		}
		first := refresh(stolen.Refresh)
		second := refresh(first.Text("refresh_token"))
		expect.Equal(t, "status of the second refresh", second.Status, http.StatusOK)
		reused := refresh(stolen.Refresh)
		if reused.Status != http.StatusBadRequest || reused.Code() != "invalid_grant" {
			t.Errorf("a reuse returns %d %s", reused.Status, reused.Raw)
		}
		expect.Active(t, d, second.Text("access_token"), false)
		expect.Active(t, d, other.Access, true)
		expect.Equal(t, "status of the other installation's refresh", refresh(other.Refresh).Status, http.StatusOK)
	})
}

// TestN5_12_TheMetadataSaysThatDocumentsAreAccepted, and the scopes of a request without any are those
// that the resource needs at least.
func TestN5_12_TheMetadataSaysThatDocumentsAreAccepted(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		page, err := b.Get("/.well-known/oauth-authorization-server")
		expect.NoError(t, err)
		var metadata struct {
			Supported bool `json:"client_id_metadata_document_supported"`
		}
		if err := json.Unmarshal([]byte(page.Body), &metadata); err != nil || !metadata.Supported {
			t.Errorf("the metadata is %s, %v", page.Body, err)
		}
		p := newPublisher(t)
		r := documentRequest(p.publish(t, "/scopes.json"))
		page, err = b.Follow(b.Get(pathOf(t, r, "scope", "")))
		expect.NoError(t, err)
		page, err = b.SignIn(page, harness.JohnEmail, harness.UserPassword)
		expect.NoError(t, err)
		page, err = b.Decide(page, "ws_acme", "approve")
		expect.NoError(t, err)
		tokens, err := d.Exchange(page.Query().Get("code"), r)
		expect.NoError(t, err)
		expect.Tokens(t, tokens, "videos:read")
		page, err = b.Follow(b.Get(pathOf(t, r, "scope", "export:write")))
		expect.NoError(t, err)
		expect.Page(t, "a scope that the operator does not allow such clients", page, http.StatusBadRequest, "export:write", "Return to localhost:53682")
	})
}
