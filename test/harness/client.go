package harness

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The OAuth clients of the fixtures.
const (
	ConfidentialID = "vdo_client_abc123"
	ConfidentialPW = "vdo_secret_xyz789"
	PublicID       = "vdo_client_public123"
	DeviceID       = "vdo_client_device123"
	ResourceID     = "vdo_client_resource123"
	ResourcePW     = "vdo_secret_resource789"
	CallbackURI    = "https://yourapp.com/callback"
)

// Response is the response of an endpoint. Body is set where the content is JSON.
type Response struct {
	Status int
	Header http.Header
	Raw    string
	Body   map[string]any
	// Closed reports whether the server closes the connection after this response.
	Closed bool
}

// Text returns a string member of the body; empty when it is absent or of another type.
func (a Response) Text(name string) string {
	s, _ := a.Body[name].(string)
	return s
}

// Code returns the error code in either dialect.
func (a Response) Code() string {
	if e, ok := a.Body["error"].(map[string]any); ok {
		s, _ := e["code"].(string)
		return s
	}
	return a.Text("error")
}

// Message returns the error message in either dialect.
func (a Response) Message() string {
	if e, ok := a.Body["error"].(map[string]any); ok {
		s, _ := e["message"].(string)
		return s
	}
	return a.Text("error_description")
}

// httpClient keeps enough idle connections for fifty concurrent requests.
var httpClient = &http.Client{
	Timeout:       2 * time.Minute,
	Transport:     &http.Transport{MaxIdleConnsPerHost: 64, MaxIdleConns: 256},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Send sends any request and reads the response.
func Send(req *http.Request) (Response, error) { return sendBy(httpClient, req) }

func sendBy(client *http.Client, req *http.Request) (Response, error) {
	res, err := client.Do(req)
	if err != nil {
		return Response{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return Response{}, err
	}
	a := Response{Status: res.StatusCode, Header: res.Header, Raw: string(raw), Closed: res.Close}
	if req.Method != http.MethodHead && strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(raw, &a.Body); err != nil {
			return a, fmt.Errorf("response %d is not a JSON object: %w: %.200s", a.Status, err, raw)
		}
	}
	return a, nil
}

// SendText sends any request and returns the response body as text, for bodies that are not a JSON
// object.
func SendText(req *http.Request) (body string, status int, err error) {
	res, err := httpClient.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return string(raw), res.StatusCode, err
}

// JSON posts a request in the documented dialect.
func (d *Deployment) JSON(path string, body map[string]any) (Response, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return Response{}, err
	}
	req, err := http.NewRequest(http.MethodPost, d.PublicURL+path, bytes.NewReader(raw))
	if err != nil {
		return Response{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	for _, name := range []string{"client_secret", "code_verifier"} {
		if text, ok := body[name].(string); ok {
			d.RecordSecret(name, text)
		}
	}
	return d.send(req)
}

// Form posts a request in RFC 6749's dialect. A client id and secret, if given, are sent as HTTP
// Basic, form-encoded as RFC 6749 §2.3.1 requires.
func (d *Deployment) Form(path string, values url.Values, basic ...string) (Response, error) {
	req, err := http.NewRequest(http.MethodPost, d.PublicURL+path, strings.NewReader(values.Encode()))
	if err != nil {
		return Response{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if len(basic) == 2 {
		req.SetBasicAuth(url.QueryEscape(basic[0]), url.QueryEscape(basic[1]))
	}
	d.RecordSecret("client_secret", values.Get("client_secret"))
	return d.send(req)
}

func (d *Deployment) send(req *http.Request) (Response, error) {
	a, err := sendBy(d.http(), req)
	d.RecordSecret("access_token", a.Text("access_token"))
	d.RecordSecret("refresh_token", a.Text("refresh_token"))
	return a, err
}

// Request is an authorization request; an empty field takes its usual value.
type Request struct {
	ClientID    string
	RedirectURI string
	Scope       string
	// Resource, if not empty, is the protected resource that the tokens are for (RFC 8707).
	Resource string
	State    string
	// Verifier, if not empty, is sent as an S256 challenge.
	Verifier string
	Email    string
	// Workspace is the workspace to choose on the consent screen.
	Workspace string
}

func (r Request) withDefaults() Request {
	for _, d := range []struct {
		field *string
		value string
	}{
		{&r.ClientID, ConfidentialID},
		{&r.RedirectURI, CallbackURI},
		{&r.Scope, "videos:read analyze:write jobs:read"},
		{&r.State, "random_csrf_token"},
		{&r.Email, JohnEmail},
		{&r.Workspace, "ws_acme"},
	} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	return r
}

// Path returns the address of the authorization request as a browser opens it.
func (r Request) Path() string {
	r = r.withDefaults()
	q := url.Values{
		"client_id": {r.ClientID}, "redirect_uri": {r.RedirectURI}, "response_type": {"code"}, "scope": {r.Scope}, "state": {r.State},
	}
	if r.Resource != "" {
		q.Set("resource", r.Resource)
	}
	if r.Verifier != "" {
		q.Set("code_challenge", Challenge(r.Verifier))
		q.Set("code_challenge_method", "S256")
	}
	return "/oauth/authorize?" + q.Encode()
}

// NewVerifier returns a new PKCE code verifier (RFC 7636 §4.1).
func NewVerifier() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(b)
}

// Challenge returns the S256 code challenge of a verifier.
func Challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Approve follows an authorization request in the browser, signs in where the sign-in page is
// shown, approves it and returns the code.
func (b *Browser) Approve(r Request) (code string, err error) {
	r = r.withDefaults()
	page, err := b.Consent(r)
	if err != nil {
		return "", err
	}
	page, err = b.Decide(page, r.Workspace, "approve")
	if err != nil {
		return "", err
	}
	if code = page.Query().Get("code"); code == "" {
		return "", fmt.Errorf("approving led to status %d, location %q", page.Status, page.Location())
	}
	return code, nil
}

// Consent follows an authorization request to the consent screen.
func (b *Browser) Consent(r Request) (Page, error) {
	r = r.withDefaults()
	page, err := b.Follow(b.Get(r.Path()))
	if err != nil {
		return page, err
	}
	if _, err := page.FormWith("password"); err == nil {
		if page, err = b.SignIn(page, r.Email, UserPassword); err != nil {
			return page, err
		}
	}
	_, err = page.FormWith("workspace_id")
	return page, err
}

// Decide submits the consent form with a workspace and a decision.
func (b *Browser) Decide(page Page, workspace, decision string) (Page, error) {
	form, err := page.FormWith("workspace_id")
	if err != nil {
		return page, err
	}
	return b.Submit(page, form, map[string]string{"workspace_id": workspace, "decision": decision})
}

// Tokens is the token pair that a client received.
type Tokens struct{ Access, Refresh string }

// Exchange redeems a code in the documented dialect as the confidential client, or as the public
// client when the request names it.
func (d *Deployment) Exchange(code string, r Request) (Response, error) {
	r = r.withDefaults()
	body := map[string]any{"grant_type": "authorization_code", "code": code, "redirect_uri": r.RedirectURI, "client_id": r.ClientID}
	if r.ClientID == ConfidentialID {
		body["client_secret"] = ConfidentialPW
	}
	if r.Verifier != "" {
		body["code_verifier"] = r.Verifier
	}
	return d.JSON("/oauth/token", body)
}

// Issue runs the whole authorization code flow and returns the tokens.
func (d *Deployment) Issue(b *Browser, r Request) (Tokens, error) {
	code, err := b.Approve(r)
	if err != nil {
		return Tokens{}, err
	}
	a, err := d.Exchange(code, r)
	if err != nil {
		return Tokens{}, err
	}
	if a.Status != http.StatusOK {
		return Tokens{}, fmt.Errorf("exchanging the code: %d %s", a.Status, a.Raw)
	}
	return Tokens{Access: a.Text("access_token"), Refresh: a.Text("refresh_token")}, nil
}

// Refresh uses a refresh token as the confidential client.
func (d *Deployment) Refresh(refresh string) (Response, error) {
	return d.JSON("/oauth/token", map[string]any{
		"grant_type": "refresh_token", "refresh_token": refresh, "client_id": ConfidentialID, "client_secret": ConfidentialPW,
	})
}

// Active introspects a token as the resource server.
func (d *Deployment) Active(token string) (bool, error) {
	a, err := d.JSON("/oauth/introspect", map[string]any{"token": token, "client_id": ResourceID, "client_secret": ResourcePW})
	if err != nil {
		return false, err
	}
	active, ok := a.Body["active"].(bool)
	if a.Status != http.StatusOK || !ok {
		return false, fmt.Errorf("introspection returned %d %s", a.Status, a.Raw)
	}
	return active, nil
}
