package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// documentedRequest is a request as a document prints it, with only the host and the placeholders
// left to replace.
type documentedRequest struct {
	document, name string
	path           string
	// body is the printed text; AUTH_CODE, vdo_oat_..., vdo_ort_... and your_original_code_verifier
	// are its placeholders.
	body string
	// public marks the request that names the confidential client by mistake (docs/wire-contract.md
	// §2).
	public bool
	// members lists the members of the documented response.
	members []string
}

// documentedRequests returns the requests of documents 000 and 001 (docs/wire-contract.md), word
// for word.
func documentedRequests() []documentedRequest {
	tokens := []string{"access_token", "token_type", "expires_in", "refresh_token", "scope"}
	return []documentedRequest{
		{document: "000", name: "step 4, confidential", path: "/oauth/token", members: tokens, body: `{
"grant_type": "authorization_code",
"code": "AUTH_CODE",
"redirect_uri": "https://yourapp.com/callback",
"client_id": "vdo_client_abc123",
"client_secret": "vdo_secret_xyz789"
}`},
		{document: "000", name: "step 4, PKCE", path: "/oauth/token", members: tokens, public: true, body: `{
"grant_type": "authorization_code",
"code": "AUTH_CODE",
"redirect_uri": "https://yourapp.com/callback",
"client_id": "vdo_client_abc123",
"code_verifier": "your_original_code_verifier"
}`},
		{document: "001", name: "refreshing", path: "/oauth/token", members: tokens, body: `{
"grant_type": "refresh_token",
"refresh_token": "vdo_ort_...",
"client_id": "vdo_client_abc123",
"client_secret": "vdo_secret_xyz789"
}`},
		{document: "001", name: "revoking", path: "/oauth/revoke", body: `{
"token": "vdo_oat_...",
"token_type_hint": "access_token"
}`},
	}
}

// TestDocuments_EveryPrintedRequestRunsVerbatim sends the requests of the documents with their
// placeholders replaced.
func TestDocuments_EveryPrintedRequestRunsVerbatim(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for _, p := range documentedRequests() {
			t.Run(p.document+" "+p.name, func(t *testing.T) {
				a := p.run(t, d, b)
				expect.Equal(t, "status", a.Status, http.StatusOK)
				expect.Equal(t, "number of members", len(a.Body), len(p.members))
				for _, member := range p.members {
					if a.Body[member] == nil {
						t.Errorf("the response lacks %s: %s", member, a.Raw)
					}
				}
				expect.NoStore(t, a)
			})
		}
	})
}

func (p documentedRequest) run(t *testing.T, d *harness.Deployment, b *harness.Browser) harness.Response {
	t.Helper()
	a, err := harness.Send(p.request(t, d, b))
	expect.NoError(t, err)
	return a
}

// request returns the request with its placeholders replaced.
func (p documentedRequest) request(t *testing.T, d *harness.Deployment, b *harness.Browser) *http.Request {
	t.Helper()
	r := harness.Request{}
	body := p.body
	if p.public {
		r.ClientID, r.Verifier = harness.PublicID, harness.NewVerifier()
		body = strings.ReplaceAll(body, harness.ConfidentialID, harness.PublicID)
		body = strings.ReplaceAll(body, "your_original_code_verifier", r.Verifier)
	}
	if strings.Contains(body, "AUTH_CODE") {
		code, err := b.Approve(r)
		expect.NoError(t, err)
		body = strings.ReplaceAll(body, "AUTH_CODE", code)
	} else {
		tokens, err := d.Issue(b, r)
		expect.NoError(t, err)
		body = strings.NewReplacer("vdo_oat_...", tokens.Access, "vdo_ort_...", tokens.Refresh).Replace(body)
	}
	req, err := http.NewRequest(http.MethodPost, d.PublicURL+p.path, strings.NewReader(body))
	expect.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	return req
}

// TestDocument000_AuthorizeExample opens the printed authorization URL, without its line
// continuations, and the printed PKCE addition, each for its client.
func TestDocument000_AuthorizeExample(t *testing.T) {
	const plain = "client_id=vdo_client_abc123&redirect_uri=https://yourapp.com/callback&response_type=code&" +
		"scope=videos:read+analyze:write+jobs:read&state=random_csrf_token"
	const pkce = "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
	encoded := strings.ReplaceAll(plain, "videos:read+analyze:write+jobs:read", "videos%3Aread%20analyze%3Awrite%20jobs%3Aread")
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for name, query := range map[string]string{
			"as printed": plain, "scope as 002 encodes it": encoded, "with PKCE": plain + pkce,
			"public client": strings.ReplaceAll(plain, harness.ConfidentialID, harness.PublicID) + pkce,
		} {
			b := d.NewBrowser()
			page, err := b.Follow(b.Get("/oauth/authorize?" + query))
			expect.NoError(t, err)
			if _, err := page.FormWith("password"); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestDocument000_ErrorResponse checks the printed error response.
func TestDocument000_ErrorResponse(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		a, err := d.Exchange("AUTH_CODE", harness.Request{})
		expect.NoError(t, err)
		expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", "Invalid or expired authorization code")
	})
}
