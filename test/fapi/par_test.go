package fapi

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestFAPI2_HappyFlow is the path of every client of the profile, step by step.
func TestFAPI2_HappyFlow(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c, verifier, b := newClient(t, d), harness.NewVerifier(), d.NewBrowser()
		a := c.push(verifier)
		expect.Equal(t, "status of the push", a.Status, http.StatusCreated)
		expect.Equal(t, "expires_in", a.Body["expires_in"], any(float64(90)))
		expect.Equal(t, "Cache-Control", a.Header.Get("Cache-Control"), "no-store")
		if uri := a.Text("request_uri"); !strings.HasPrefix(uri, "urn:ietf:params:oauth:request_uri:") || len(uri) != 34+43 {
			t.Errorf("the request_uri is %s", uri)
		}
		redirect := c.approve(b, c.address(a.Text("request_uri")))
		expect.Equal(t, "state", redirect.Get("state"), "a state")
		expect.Equal(t, "iss", redirect.Get("iss"), d.PublicURL)
		issued := c.exchange(redirect.Get("code"), verifier, c.proof("/oauth/token"))
		expect.Equal(t, "status of the exchange", issued.Status, http.StatusOK)
		expect.Equal(t, "token_type", issued.Text("token_type"), "DPoP")
		token := issued.Text("access_token")
		expect.Equal(t, "status of the API", c.call("DPoP", token, c.apiProof(token)).Status, http.StatusOK)
	})
}

// TestFAPI2_ParAttemptReuseRequestUri: loading spends nothing, and a decision does.
func TestFAPI2_ParAttemptReuseRequestUri(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c, verifier := newClient(t, d), harness.NewVerifier()
		address := c.pushed(verifier)
		preview := d.NewBrowser()
		for range 2 { // a link preview, and a reload
			page, err := preview.Get(address)
			expect.NoError(t, err)
			expect.Equal(t, "status of a preview", page.Status, http.StatusSeeOther)
		}
		b := d.NewBrowser()
		first := c.consent(b, address)
		second := c.consent(b, address) // Back, and the link once more
		page, err := b.Decide(second, "ws_acme", "approve")
		expect.NoError(t, err)
		code := page.Query().Get("code")
		again, err := b.Decide(second, "ws_acme", "approve") // a decision stays idempotent
		expect.NoError(t, err)
		if code == "" || again.Query().Get("code") == "" {
			t.Errorf("the decision led to %q, and again to %q", page.Location(), again.Location())
		}
		used, err := b.Get(address)
		expect.NoError(t, err)
		expect.Equal(t, "status of a used request_uri", used.Status, http.StatusBadRequest)
		expect.Equal(t, "redirect of a used request_uri", used.Location(), "")
		late, err := b.Follow(b.Decide(first, "ws_acme", "approve"))
		expect.NoError(t, err)
		if late.Query().Get("code") != "" || !strings.Contains(late.Body, "was answered elsewhere") {
			t.Errorf("a second authorization of the request led to %d %q:\n%s", late.Status, late.Location(), late.Body)
		}
	})
}

// TestFAPI2_ParAttemptToUseRequestUriForDifferentClient, and with one that was never issued.
func TestFAPI2_ParAttemptToUseRequestUriForDifferentClient(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c, other := newClient(t, d), newClient(t, d)
		uri := c.push(harness.NewVerifier()).Text("request_uri")
		for name, address := range map[string]string{
			"another client":  other.address(uri),
			"an unknown one":  c.address("urn:ietf:params:oauth:request_uri:" + strings.Repeat("A", 43)),
			"a malformed one": c.address("urn:ietf:params:oauth:request_uri:x"),
			"no client":       "/oauth/authorize?request_uri=" + uri,
			"a repeated one":  c.address(uri) + "&request_uri=" + uri,
		} {
			page, err := d.NewBrowser().Get(address)
			expect.NoError(t, err)
			if page.Status != http.StatusBadRequest || page.Location() != "" {
				t.Errorf("%s: %d %q", name, page.Status, page.Location())
			}
		}
	})
}

// TestFAPI2_ParAttemptInvalidHttpMethod and the other requests that are refused before the client is
// authenticated.
func TestFAPI2_ParAttemptInvalidHttpMethod(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for _, method := range []string{http.MethodGet, http.MethodPut} {
			req, err := http.NewRequest(method, d.PublicURL+"/oauth/par", nil)
			expect.NoError(t, err)
			a, err := harness.Send(req)
			expect.NoError(t, err)
			wantError(t, method, a, http.StatusMethodNotAllowed, "invalid_request")
		}
		a, err := d.JSON("/oauth/par", map[string]any{"client_id": harness.PublicID})
		expect.NoError(t, err)
		wantError(t, "JSON", a, http.StatusUnsupportedMediaType, "invalid_request")
		req, err := http.NewRequest(http.MethodPost, d.PublicURL+"/oauth/par", strings.NewReader("scope="+strings.Repeat("x", 70_000)))
		expect.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		a, err = harness.Send(req)
		expect.NoError(t, err)
		wantError(t, "a long body", a, http.StatusRequestEntityTooLarge, "invalid_request")
	})
}

// TestRFC9126_2_3_ARefusedPushIsFlatJSON: the checks are those of the authorization endpoint.
func TestRFC9126_2_3_ARefusedPushIsFlatJSON(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c, verifier := newClient(t, d), harness.NewVerifier()
		for _, row := range []struct {
			name, code string
			params     []string
		}{
			{"a request_uri inside", "invalid_request", []string{"request_uri", "urn:ietf:params:oauth:request_uri:x"}},
			{"a request object", "request_not_supported", []string{"request", "eyJ.eyJ.x"}},
			{"no challenge", "invalid_request", []string{"code_challenge", "", "code_challenge_method", ""}},
			{"plain", "invalid_request", []string{"code_challenge_method", "plain"}},
			{"no response_type", "invalid_request", []string{"response_type", ""}},
			{"another response_type", "unsupported_response_type", []string{"response_type", "code id_token"}},
			{"response_type token", "unsupported_response_type", []string{"response_type", "token"}},
			{"an unregistered redirect_uri", "invalid_request", []string{"redirect_uri", "https://evil.example/"}},
			{"no redirect_uri", "invalid_request", []string{"redirect_uri", ""}},
			{"an unknown scope", "invalid_scope", []string{"scope", "videos:raed"}},
			{"a scope that it may not have", "invalid_scope", []string{"scope", "export:write"}},
			{"an unknown resource", "invalid_target", []string{"resource", "https://elsewhere.example/"}},
			{"a malformed dpop_jkt", "invalid_request", []string{"dpop_jkt", "short"}},
		} {
			wantError(t, row.name, c.push(verifier, row.params...), http.StatusBadRequest, row.code)
		}
		wantError(t, "no client", c.push(verifier, "client_id", "", "client_assertion", "", "client_assertion_type", ""), http.StatusBadRequest, "invalid_request")
		wantError(t, "a wrong assertion", c.push(verifier, "client_assertion", c.assertion("aud", "https://elsewhere.example")), http.StatusUnauthorized, "invalid_client")
		wantError(t, "another client_id", c.push(verifier, "client_id", harness.PublicID), http.StatusUnauthorized, "invalid_client")
		basic, err := d.Form("/oauth/par", map[string][]string{
			"response_type": {"code"}, "redirect_uri": {harness.CallbackURI}, "scope": {"videos:read"},
		}, harness.ConfidentialID, harness.ConfidentialPW)
		expect.NoError(t, err)
		expect.Equal(t, "status with HTTP Basic and no client_id", basic.Status, http.StatusCreated)
		wrong, err := d.Form("/oauth/par", map[string][]string{"response_type": {"code"}}, harness.ConfidentialID, "vdo_secret_wrong")
		expect.NoError(t, err)
		wantError(t, "a wrong secret", wrong, http.StatusUnauthorized, "invalid_client")
	})
}

// TestRFC9126_4_APushThatIsAcceptedCanBeOpened, also one of 100 parameters to which the server adds client_id, which HTTP
// Basic names, and dpop_jkt, which a proof names.
func TestRFC9126_4_APushThatIsAcceptedCanBeOpened(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		basic := fapiClient{t: t, d: d, id: harness.ConfidentialID, proofKey: josetest.New(t, "ES256", "")}
		for name, row := range map[string]struct {
			params url.Values
			proof  bool
		}{
			"client_id in the form":       {url.Values{"client_id": {basic.id}, "client_secret": {harness.ConfidentialPW}}, false},
			"client_id in HTTP Basic":     {url.Values{}, false},
			"a proof and HTTP Basic":      {url.Values{}, true},
			"a proof and dpop_jkt, Basic": {url.Values{"dpop_jkt": {basic.thumbprint()}}, true},
		} {
			row.params.Set("response_type", "code")
			row.params.Set("redirect_uri", harness.CallbackURI)
			row.params.Set("scope", "videos:read")
			for n := 98; n <= 101; n++ {
				for i := 0; len(row.params) < n; i++ {
					row.params.Set("x"+strconv.Itoa(i), "1")
				}
				req, err := http.NewRequest(http.MethodPost, d.PublicURL+"/oauth/par", strings.NewReader(row.params.Encode()))
				expect.NoError(t, err)
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				if !row.params.Has("client_id") {
					req.SetBasicAuth(harness.ConfidentialID, harness.ConfidentialPW)
				}
				if row.proof {
					req.Header.Set("Dpop", basic.proof("/oauth/par"))
				}
				a, err := harness.Send(req)
				expect.NoError(t, err)
				what := fmt.Sprintf("%d parameters, %s", n, name)
				if n > 100 {
					wantError(t, what, a, http.StatusBadRequest, "invalid_request")
					continue
				}
				expect.Equal(t, "status of "+what, a.Status, http.StatusCreated)
				page, err := d.NewBrowser().Get(basic.address(a.Text("request_uri")))
				expect.NoError(t, err)
				expect.Equal(t, "status of the browser with "+what, page.Status, http.StatusSeeOther)
			}
		}
	})
}

// TestFAPI2_EnsureUnsignedAuthorizationRequestWithoutUsingParFails, for a client that requires it.
func TestFAPI2_EnsureUnsignedAuthorizationRequestWithoutUsingParFails(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		verifier := harness.NewVerifier()
		for name, c := range map[string]fapiClient{"the profile": newClient(t, d), "the requirement": newPublic(t, d, "--require-par")} {
			page, err := d.NewBrowser().Get(harness.Request{ClientID: c.id, Scope: "videos:read", Verifier: verifier}.Path())
			expect.NoError(t, err)
			expect.Equal(t, "error with "+name, page.Query().Get("error"), "invalid_request")
		}
		free := newPublic(t, d)
		_, err := d.NewBrowser().Approve(harness.Request{ClientID: free.id, Scope: "videos:read", Verifier: verifier})
		expect.NoError(t, err)
	})
}

// TestRFC9126_4_OnlyThePushedParametersCount: none of the browser's own is read (FAPI's
// state-only-outside-request-object-not-used).
func TestRFC9126_4_OnlyThePushedParametersCount(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c, verifier := newClient(t, d), harness.NewVerifier()
		a := c.push(verifier, "state", "")
		redirect := c.approve(d.NewBrowser(), c.address(a.Text("request_uri"),
			"state", "outside", "redirect_uri", "https://evil.example/", "scope", "jobs:read", "response_type", "token", "prompt", "none"))
		expect.Equal(t, "state", redirect.Get("state"), "")
		issued := c.exchange(redirect.Get("code"), verifier, c.proof("/oauth/token"))
		expect.Equal(t, "scope", issued.Text("scope"), "videos:read")
	})
}

// TestFAPI2_UserRejectsAuthentication: a denial is a decision too, and spends the request_uri.
func TestFAPI2_UserRejectsAuthentication(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c, b := newClient(t, d), d.NewBrowser()
		address := c.pushed(harness.NewVerifier(), "state", strings.Repeat("s", 384)) // ensure-authorization-request-with-long-state
		page, err := b.Decide(c.consent(b, address), "ws_acme", "deny")
		expect.NoError(t, err)
		expect.Equal(t, "error", page.Query().Get("error"), "access_denied")
		expect.Equal(t, "state", page.Query().Get("state"), strings.Repeat("s", 384))
		expect.Equal(t, "iss", page.Query().Get("iss"), d.PublicURL)
		used, err := b.Get(address)
		expect.NoError(t, err)
		expect.Equal(t, "status of the denied request_uri", used.Status, http.StatusBadRequest)
	})
}

// TestRace_ARequestUriIsCompletedOnce: of several authorizations that began with one request_uri and
// are approved at once, one gets a code.
func TestRace_ARequestUriIsCompletedOnce(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c, b := newClient(t, d), d.NewBrowser()
		for range 3 {
			address := c.pushed(harness.NewVerifier())
			var pages []harness.Page
			for range 4 {
				pages = append(pages, c.consent(b, address))
			}
			codes := atOnce(len(pages), func(i int) string {
				page, err := b.Decide(pages[i], "ws_acme", "approve")
				if err != nil {
					return err.Error()
				}
				return page.Query().Get("code")
			})
			got := 0
			for _, code := range codes {
				if code != "" {
					got++
				}
			}
			expect.Equal(t, "number of codes", got, 1)
		}
	})
}

// atOnce calls fn n times behind a barrier and returns the results.
func atOnce[R any](n int, fn func(i int) R) []R {
	results, barrier := make([]R, n), make(chan struct{})
	var calls sync.WaitGroup
	for i := range n {
		calls.Go(func() {
			<-barrier
			results[i] = fn(i)
		})
	}
	close(barrier)
	calls.Wait()
	return results
}
