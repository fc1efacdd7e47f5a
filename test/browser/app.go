package browser

import (
	"cmp"
	"encoding/json"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"

	"github.com/vidocu/usher/test/harness"
)

// App is the site of a public client on loopback. GET /start?prompt=… redirects to the
// authorization endpoint, with its query added to the authorization request, where `scope` replaces the
// usual one; GET /callback is the
// redirect URI, which redeems the code at once and shows the outcome. With /start?hold=1 the first
// callback does not redeem the code, as a site that is down would not. GET /visits?state=… returns
// the callbacks of one authorization request, as JSON. GET /client.json is a document that describes a
// client at this site (client identifier metadata document).
type App struct {
	// URL is the origin of the site.
	URL string

	server *httptest.Server
	usher  *harness.Deployment

	mu      sync.Mutex
	started map[string]*authorization // by state
}

// authorization is one authorization request with its callbacks.
type authorization struct {
	verifier string
	// hold makes the next callback not redeem its code.
	hold   bool
	visits []*Visit
}

// Visit is one callback with parameters that had not arrived before.
type Visit struct {
	// Code is the authorization code, empty if there was none.
	Code string `json:"code"`
	// Status and Token are the token endpoint's response to it.
	Status int    `json:"status"`
	Token  string `json:"-"`
	// Error is the error parameter of the redirect, or that of the token endpoint.
	Error string `json:"error"`
	// Active reports whether the access token is active when the visits are listed.
	Active bool `json:"active"`
}

// NewApp starts the site as the fixtures' public client, whose redirect URI allows any port of
// 127.0.0.1.
func NewApp(usher *harness.Deployment) *App {
	a := &App{usher: usher, started: map[string]*authorization{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		show(w, view{Title: "The app", Outcome: "not connected"})
	})
	mux.HandleFunc("GET /start", a.start)
	mux.HandleFunc("GET /callback", a.callback)
	mux.HandleFunc("GET /visits", a.list)
	mux.HandleFunc("GET /client.json", a.describe)
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	a.server = httptest.NewServer(mux)
	a.URL = a.server.URL
	return a
}

// Close stops the site.
func (a *App) Close() { a.server.Close() }

// start redirects to the authorization endpoint with a new state and verifier.
func (a *App) start(w http.ResponseWriter, r *http.Request) {
	extra := r.URL.Query()
	request := harness.Request{
		ClientID: harness.PublicID, RedirectURI: a.URL + "/callback", State: harness.NewVerifier(), Verifier: harness.NewVerifier(),
		Scope: extra.Get("scope"),
	}
	a.mu.Lock()
	a.started[request.State] = &authorization{verifier: request.Verifier, hold: extra.Has("hold")}
	a.mu.Unlock()
	extra.Del("hold")
	extra.Del("scope")
	address := a.usher.PublicURL + request.Path()
	if len(extra) > 0 {
		address += "&" + extra.Encode()
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// callback redeems a code that it has not redeemed before, and shows the outcome. It never redeems
// a code twice: that would revoke its tokens (RFC 6749 §4.1.2), and a well-behaved client that is
// reloaded does not do it either.
func (a *App) callback(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	a.mu.Lock()
	defer a.mu.Unlock()
	request := a.started[q.Get("state")]
	if request == nil {
		show(w, view{Title: "The app", Outcome: "unknown state"})
		return
	}
	visit := request.visit(q)
	if visit == nil {
		visit = &Visit{Code: q.Get("code"), Error: q.Get("error")}
		request.visits = append(request.visits, visit)
	}
	outcome := cmp.Or(visit.Error, "connected")
	switch {
	case visit.Code == "" || visit.Status != 0: // nothing to redeem
	case request.hold:
		request.hold, outcome = false, "held"
	default:
		a.redeem(visit, request.verifier)
		outcome = cmp.Or(visit.Error, "connected")
	}
	show(w, view{Title: "The app", Outcome: outcome})
}

// visit returns the earlier callback with the same code or the same error; nil if there was none.
func (b *authorization) visit(q url.Values) *Visit {
	for _, v := range b.visits {
		if v.Code == q.Get("code") && (v.Code != "" || v.Error == q.Get("error")) {
			return v
		}
	}
	return nil
}

func (a *App) redeem(visit *Visit, verifier string) {
	res, err := a.usher.Exchange(visit.Code, harness.Request{ClientID: harness.PublicID, RedirectURI: a.URL + "/callback", Verifier: verifier})
	if err != nil {
		visit.Error = err.Error()
		return
	}
	visit.Status, visit.Token, visit.Error = res.Status, res.Text("access_token"), res.Code()
}

// list returns the callbacks with a state, each with whether its token is active now.
func (a *App) list(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	visits := []*Visit{}
	if request := a.started[r.URL.Query().Get("state")]; request != nil {
		visits = append(visits, request.visits...)
	}
	for _, v := range visits {
		if v.Token == "" {
			continue
		}
		var err error
		if v.Active, err = a.usher.Active(v.Token); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(visits) // the client may have disconnected
}

// describe returns the document of a client whose identifier is its URL.
func (a *App) describe(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{ // the client may have disconnected
		"client_id": a.URL + "/client.json", "client_name": "Example Tools", "redirect_uris": []string{"http://127.0.0.1/callback"},
	})
}

// view is the data of a page of the site. Outcome is "connected", an error code, or the reason why
// there is neither.
type view struct{ Title, Outcome string }

func show(w http.ResponseWriter, v view) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><head><title>{{.Title}}</title><link rel="icon" href="data:,"></head>
<body><main><h1>{{.Title}}</h1><p id="outcome">{{.Outcome}}</p><p><a href="/start">Connect</a></p></main></body></html>
`)).Execute(w, v) // the client may have disconnected
}
