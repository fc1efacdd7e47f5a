package userapi

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vidocu/usher/gateway/internal/httpx"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/userfield"
)

// Path is the path prefix of every endpoint.
const Path = "/api/v1/user"

// API serves the endpoints.
type API struct {
	Users   tokenv1.UserServiceClient
	Proxies httpx.Proxies
	Logger  *slog.Logger
}

// handler serves a request and returns the response, to be encoded as JSON.
type handler func(w http.ResponseWriter, r *http.Request) (any, error)

// endpoint maps a method to its handler.
type endpoint map[string]handler

// ServeHTTP is http.Handler. Errors of this gateway and panics have the documented format too.
func (a API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if p := recover(); p != nil {
			a.writeError(w, r, fmt.Errorf("panic: %v: %s", p, debug.Stack()))
		}
	}()
	w.Header().Set("Cache-Control", "no-store")
	body, err := a.route(w, r)
	if err != nil {
		a.writeError(w, r, err)
		return
	}
	httpx.WriteJSON(w, http.StatusOK, body)
}

// route finds the endpoint and calls its handler. It ignores headers that override the method.
func (a API) route(w http.ResponseWriter, r *http.Request) (any, error) {
	found := a.endpoint(r.URL.EscapedPath())
	if found == nil {
		return nil, oerr.New(errorv1.Reason_REASON_NOT_FOUND, unknownPath)
	}
	serve := found[r.Method]
	if serve == nil {
		w.Header().Set("Allow", strings.Join(found.methods(), ", "))
		return nil, oerr.New(errorv1.Reason_REASON_METHOD_NOT_ALLOWED, "use "+strings.Join(found.methods(), " or "))
	}
	return serve(w, r)
}

// endpoint matches the path as it was sent; nil where there is no endpoint.
func (a API) endpoint(path string) endpoint {
	rest, under := strings.CutPrefix(path, Path+"/")
	if !under || rest == "" {
		return nil
	}
	switch rest {
	case "authenticate":
		return endpoint{http.MethodPost: a.authenticate}
	case "refresh-access-token", "refresh-access-token/":
		return endpoint{http.MethodPost: a.refresh}
	case "logout":
		return endpoint{http.MethodPost: a.logout, http.MethodGet: a.logout}
	}
	if strings.Contains(rest, "/") {
		return nil
	}
	read := func(_ http.ResponseWriter, r *http.Request) (any, error) { return a.user(r, rest) }
	return endpoint{http.MethodGet: read, http.MethodHead: read}
}

func (e endpoint) methods() []string { return slices.Sorted(maps.Keys(e)) }

// authenticate is POST /authenticate.
func (a API) authenticate(w http.ResponseWriter, r *http.Request) (any, error) {
	sent, err := readAuthentication(w, r)
	if err != nil {
		return nil, err
	}
	req := &tokenv1.AuthenticateUserRequest{
		EmailAddress: sent.EmailAddress.Value, SourceAddress: a.Proxies.Source(r), UserAgent: strings.ToValidUTF8(r.UserAgent(), ""),
	}
	if sent.Password.Sent {
		req.Password = &sent.Password.Value
	}
	if sent.ClientSecret.Sent {
		req.ClientSecret = &sent.ClientSecret.Value
	}
	res, err := a.Users.AuthenticateUser(r.Context(), req)
	return res.GetToken(), err
}

// refresh is POST /refresh-access-token.
func (a API) refresh(w http.ResponseWriter, r *http.Request) (any, error) {
	if err := ignoreBody(w, r); err != nil {
		return nil, err
	}
	res, err := a.Users.RefreshAccessToken(r.Context(), &tokenv1.RefreshAccessTokenRequest{Token: httpx.Bearer(r)})
	return res.GetToken(), err
}

// logout is POST or GET /logout.
func (a API) logout(w http.ResponseWriter, r *http.Request) (any, error) {
	if err := ignoreBody(w, r); err != nil {
		return nil, err
	}
	_, err := a.Users.Logout(r.Context(), &tokenv1.LogoutRequest{Token: httpx.Bearer(r)})
	return struct{}{}, err
}

// user is GET /{emailAddress}.
func (a API) user(r *http.Request, segment string) (any, error) {
	var problems []string
	email, problem := address(segment)
	if problem != "" {
		problems = append(problems, userfield.EmailAddress+" "+problem)
	}
	if !basicInfo(r.URL.RawQuery) {
		problems = append(problems, "userPartsToFetch must be BasicInfo and must appear once: there is no other part")
	}
	if err := invalid(problems); err != nil {
		return nil, err
	}
	res, err := a.Users.GetUser(r.Context(), &tokenv1.GetUserRequest{Token: httpx.Bearer(r), EmailAddress: email})
	return userOf(res), err
}

// address decodes a path segment, exactly once.
func address(segment string) (email, problem string) {
	email, err := url.PathUnescape(segment)
	switch {
	case err != nil:
		return "", "is wrongly encoded"
	case !utf8.ValidString(email):
		return "", "is not UTF-8"
	}
	if problem := userfield.EmailProblem(email); problem != "" {
		return "", problem
	}
	return email, ""
}

// basicInfo reports whether a query requests the only part that exists, or no part.
func basicInfo(query string) bool {
	params, err := oauth.ParseQuery(query)
	if err != nil {
		return false
	}
	part, sent, repeated := params.Get("userPartsToFetch")
	return !sent || part == "BasicInfo" && !repeated
}
