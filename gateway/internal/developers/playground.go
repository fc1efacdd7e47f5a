package developers

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/sdk/enforce"
)

// run is the state of a run in the playground, which the browser keeps (browser.Cookies.SetPlayground).
type run struct {
	ClientID string `json:"c"`
	Scope    string `json:"s"`
	State    string `json:"t"`
	Verifier string `json:"v"`
	Code     string `json:"d,omitempty"`
	// Error is what the authorization endpoint returned in the place of a code.
	Error string `json:"e,omitempty"`
	// Access and Refresh are the newest tokens.
	Access  string `json:"a,omitempty"`
	Refresh string `json:"r,omitempty"`
	// Replies are the responses, by the step.
	Replies map[string]reply `json:"p,omitempty"`
}

// reply is the response to a request of the playground. Tokens are in it.
type reply struct {
	Status int    `json:"s"`
	Body   string `json:"b"`
	// Cut says that the response was longer, or broke off.
	Cut bool `json:"x,omitempty"`
	// Request is the request as curl, with a placeholder for the secret.
	Request string `json:"q"`
}

// The steps of a run.
const (
	doStart    = "start"
	doExchange = "exchange"
	doCall     = "call"
	doRefresh  = "refresh"
	doRevoke   = "revoke"
)

// maxReply is how much of a response is shown, in bytes.
const maxReply = 1200

// current returns the run of a client in this browser; a new one where there is none.
func (c Console) current(v visit) run {
	var r run
	if err := json.Unmarshal(c.Flow.Cookies.Playground(v.r), &r); err != nil || r.ClientID != v.id() {
		return run{ClientID: v.id()}
	}
	return r
}

// keep stores a run, with less of the responses where it is too long.
func (c Console) keep(w http.ResponseWriter, req *http.Request, r run) bool {
	for limit := maxReply; limit > 0; limit /= 2 {
		for name, one := range r.Replies {
			r.Replies[name] = one.upTo(limit)
		}
		text, err := json.Marshal(r)
		if err == nil && c.Flow.Cookies.SetPlayground(w, req, text) {
			return true
		}
	}
	return false
}

// next returns the number of the step that comes next.
func (r run) next() int {
	switch {
	case r.Replies[doRevoke].Status == http.StatusOK:
		return 6
	case r.Replies[doRefresh].Status == http.StatusOK:
		return 5
	case r.Replies[doCall].Status != 0:
		return 4
	case r.Access != "":
		return 3
	case r.Code != "":
		return 2
	}
	return 1
}

// playground shows the run step by step.
func (c Console) playground(v visit) page.View {
	registration, r := v.app.GetRegistration(), c.current(v)
	address := c.PublicURL + callbackPath
	data := page.ConsolePlayground{
		Console: v.head, Address: address, Registered: slices.Contains(registration.GetRedirectUris(), address), Reason: unable(registration),
		Secret: registration.GetClient().GetType() == authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, Now: r.next(),
		Scopes: c.Flow.Permissions(registration.GetScopes(), nil),
	}
	for _, e := range c.Flow.Catalog.Current().Endpoints() {
		if e.Method == http.MethodGet && !strings.Contains(e.Path, ":") {
			data.Endpoints = append(data.Endpoints, e.Path)
		}
	}
	if data.Reason != "" {
		data.Registered = true
		return page.View{Template: "devplayground", Data: data}
	}
	data.Steps = c.steps(r, data.Now)
	return page.View{Template: "devplayground", Data: data}
}

// unable returns why the playground cannot make the requests of a client; empty where it can.
func unable(r *authzv1.Registration) string {
	k := kindOf(r)
	switch {
	case k.name == "service":
		return "This app acts without a person: the request of the quick start gets its token."
	case k.name == "screen":
		return "This app shows a code to people: the requests of the quick start play the device."
	case r.GetTokenEndpointAuthMethod() != "":
		return "This app signs its requests with a key, which only it has: the playground cannot."
	case r.GetClient().GetDpopBoundAccessTokens(), r.GetRequirePushedAuthorizationRequests():
		return "This app pushes its requests or binds its tokens to a key, which only it has: the playground cannot."
	case r.GetStatus() == authzv1.ClientStatus_CLIENT_STATUS_SUSPENDED, r.GetDisabled():
		return "Nobody can connect this app now."
	}
	return ""
}

// steps returns the steps of a run.
func (c Console) steps(r run, now int) []page.PlaygroundStep {
	list := []page.PlaygroundStep{
		{Number: 1, Title: "Send the browser to the authorization endpoint", Text: "The playground makes a state and a PKCE verifier, and sends this browser where your app would send it.", Do: doStart, Button: "Authorize"},
		{Number: 2, Title: "Exchange the code", Text: "The browser came back with a code. Your server exchanges it, once, for tokens.", Do: doExchange, Button: "Exchange"},
		{Number: 3, Title: "Call the API", Text: "The access token goes into the header Authorization.", Do: doCall, Button: "Call"},
		{Number: 4, Title: "Refresh", Text: "A refresh token gets a new pair and is used up.", Do: doRefresh, Button: "Refresh"},
		{Number: 5, Title: "Revoke", Text: "Ends the refresh token and its access tokens, everywhere.", Do: doRevoke, Button: "Revoke"},
	}
	for i := range list {
		s := &list[i]
		name := s.Do
		if one, made := r.Replies[name]; made {
			s.Request, s.Status, s.Response, s.Cut = one.Request, one.Status, one.Body, one.Cut
		}
		if again := name == doCall && now > 3 && now < 6; s.Number != now && !again {
			s.Do = ""
		}
	}
	if r.State != "" {
		challenge := sha256.Sum256([]byte(r.Verifier))
		encoded := base64.RawURLEncoding.EncodeToString(challenge[:])
		list[0].Facts = []page.Fact{
			{Label: "state", Text: r.State, Code: true}, {Label: "code_verifier", Text: r.Verifier, Code: true}, {Label: "code_challenge", Text: encoded, Code: true},
		}
		list[0].Request = authorizeURL(c.PublicURL, r.ClientID, c.PublicURL+callbackPath, r.Scope, r.State, encoded)
		switch {
		case r.Code != "":
			list[0].Status, list[0].Response = http.StatusSeeOther, c.PublicURL+callbackPath+"?code="+r.Code+"&state="+r.State
		case r.Error != "":
			list[0].Status, list[0].Response = http.StatusBadRequest, r.Error
		}
	}
	return list
}

// authorizeURL returns an authorization request.
func authorizeURL(issuer, id, redirect, scope, state, challenge string) string {
	return issuer + "/oauth/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {id}, "redirect_uri": {redirect}, "scope": {scope}, "state": {state},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}.Encode()
}

// play makes the next step of a run.
func (c Console) play(v visit) outcome {
	r, do := c.current(v), v.r.PostForm.Get("do")
	if unable(v.app.GetRegistration()) != "" {
		return outcome{}
	}
	switch do {
	case "register":
		_, err := c.Apps.AddAppRedirectUri(v.r.Context(), &authzv1.AddAppRedirectUriRequest{
			SessionToken: c.session(v.r), ClientId: v.id(), RedirectUri: c.PublicURL + callbackPath,
		})
		return outcome{flash: browser.Flash{Kind: flashAdded}, err: err}
	case doStart:
		return c.begin(v)
	case doExchange, doCall, doRefresh, doRevoke:
	default:
		c.Flow.Cookies.SetPlayground(v.w, v.r, nil)
		return outcome{}
	}
	if r.State == "" {
		return outcome{flash: browser.Flash{Kind: flashPlayground}}
	}
	c.step(v, &r, do)
	if !c.keep(v.w, v.r, r) {
		return outcome{flash: browser.Flash{Kind: flashPlayground}}
	}
	return outcome{}
}

// begin starts a run: it redirects the browser to the authorization endpoint.
func (c Console) begin(v visit) outcome {
	var scope []string
	for _, name := range v.r.PostForm["scope"] {
		if slices.Contains(v.app.GetRegistration().GetScopes(), name) {
			scope = append(scope, name)
		}
	}
	r := run{ClientID: v.id(), Scope: strings.Join(scope, " "), State: rand.Text(), Verifier: rand.Text() + rand.Text()}
	if !c.keep(v.w, v.r, r) {
		return outcome{flash: browser.Flash{Kind: flashPlayground}}
	}
	challenge := sha256.Sum256([]byte(r.Verifier))
	browser.RedirectTo(v.w, authorizeURL(c.PublicURL, r.ClientID, c.PublicURL+callbackPath, r.Scope, r.State, base64.RawURLEncoding.EncodeToString(challenge[:])))
	return outcome{written: true}
}

// callback is the playground's redirect URI: it keeps the code, and redirects to the page of the run, whose
// address has no code.
func (c Console) callback(w http.ResponseWriter, r *http.Request) {
	var current run
	query := r.URL.Query()
	err := json.Unmarshal(c.Flow.Cookies.Playground(r), &current)
	if err != nil || current.State == "" || query.Get("state") != current.State {
		c.Flow.Pages.Notice(w, r, page.Notice{
			Status: http.StatusBadRequest, Text: "This answer does not belong to a run of the playground in this browser. Start it again from your app.",
			Link: page.Link{Address: Path, Text: "Your apps"},
		})
		return
	}
	current.Code, current.Error = query.Get("code"), ""
	if current.Code == "" {
		current.Error = strings.TrimSpace(query.Get("error") + " " + query.Get("error_description"))
	}
	o := outcome{}
	if !c.keep(w, r, current) {
		o.flash.Kind = flashPlayground
	}
	c.finish(w, r, base(current.ClientID)+"/playground", o)
}

// step makes a request of the client.
func (c Console) step(v visit, r *run, do string) {
	if r.Replies == nil {
		r.Replies = map[string]reply{}
	}
	form := url.Values{"client_id": {r.ClientID}}
	path := oauth.TokenPath
	switch do {
	case doCall:
		c.call(v, r)
		return
	case doExchange:
		form.Set("grant_type", oauth.AuthorizationCodeGrant)
		form.Set("code", r.Code)
		form.Set("redirect_uri", c.PublicURL+callbackPath)
		form.Set("code_verifier", r.Verifier)
	case doRefresh:
		form.Set("grant_type", oauth.RefreshTokenGrant)
		form.Set("refresh_token", r.Refresh)
	case doRevoke:
		path = "/oauth/revoke"
		form.Set("token", r.Refresh)
	}
	shown := "curl " + shellQuote(c.APIURL+path)
	if secret := v.r.PostForm.Get("client_secret"); secret != "" {
		form.Set("client_secret", secret)
	}
	for _, name := range slices.Sorted(maps.Keys(form)) {
		value := form.Get(name)
		if name == "client_secret" {
			value = "CLIENT_SECRET"
		}
		shown += " \\\n " + data(name, value)
	}
	req, err := http.NewRequestWithContext(v.r.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	if err != nil {
		return // the path is a constant
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	one := c.send(v, req)
	one.Request = shown
	r.Replies[do] = one
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if one.Status == http.StatusOK && do != doRevoke && !one.Cut && json.Unmarshal([]byte(one.Body), &tokens) == nil {
		r.Access, r.Refresh = tokens.Access, tokens.Refresh
	}
}

// call makes a request to the API.
func (c Console) call(v visit, r *run) {
	path := v.r.PostForm.Get("endpoint")
	if !slices.ContainsFunc(c.Flow.Catalog.Current().Endpoints(), func(e enforce.Endpoint) bool { return e.Method == http.MethodGet && e.Path == path }) {
		return
	}
	req, err := http.NewRequestWithContext(v.r.Context(), http.MethodGet, path, http.NoBody)
	if err != nil {
		return // the path is one of the catalog
	}
	req.Header.Set("Authorization", "Bearer "+r.Access)
	one := c.send(v, req)
	one.Request = "curl " + shellQuote(c.APIURL+path) + " \\\n  -H " + shellQuote("Authorization: Bearer "+r.Access)
	r.Replies[doCall] = one
}
