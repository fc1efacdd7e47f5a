package userapi

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"github.com/vidocu/usher/gateway/internal/httpx"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/sdk/enforce"
)

// Path is what every endpoint stands under.
const Path = "/api/v1/user"

// API serves the endpoints.
type API struct {
	Users   tokenv1.UserServiceClient
	Proxies httpx.Proxies
	Logger  *slog.Logger
}

// answer is what a request is answered with, as JSON.
type answer func(w http.ResponseWriter, r *http.Request) (any, error)

// endpoint is a path's answers by method.
type endpoint map[string]answer

// ServeHTTP is http.Handler. What this gateway refuses, and a panic of ours, has the documented shape too.
func (a API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if p := recover(); p != nil {
			a.fail(w, r, fmt.Errorf("panic: %v: %s", p, debug.Stack()))
		}
	}()
	w.Header().Set("Cache-Control", "no-store")
	body, err := a.answer(w, r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	write(w, http.StatusOK, body)
}

// answer finds the endpoint and asks it. A method's override by a header is not read.
func (a API) answer(w http.ResponseWriter, r *http.Request) (any, error) {
	found := a.endpoint(r.URL.EscapedPath())
	if found == nil {
		return nil, oerr.New(errorv1.Reason_REASON_NOT_FOUND, "unknown path")
	}
	handler := found[r.Method]
	if handler == nil {
		w.Header().Set("Allow", found.allow())
		return nil, oerr.New(errorv1.Reason_REASON_METHOD_NOT_ALLOWED, "wrong method")
	}
	return handler(w, r)
}

// endpoint routes the path as it was sent; nil for one that does not exist.
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

func (e endpoint) allow() string {
	var methods []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		if e[method] != nil {
			methods = append(methods, method)
		}
	}
	return strings.Join(methods, ", ")
}

// authenticate is POST /authenticate. Whether there is one proof and which is the service's to judge; one that is there and
// empty is told apart from one that is absent.
func (a API) authenticate(w http.ResponseWriter, r *http.Request) (any, error) {
	texts, err := readTexts(w, r)
	if err != nil {
		return nil, err
	}
	req := &tokenv1.AuthenticateUserRequest{EmailAddress: texts[emailAddress], SourceAddress: a.Proxies.Source(r)}
	if proof, sent := texts[password]; sent {
		req.Password = &proof
	}
	if proof, sent := texts[clientSecret]; sent {
		req.ClientSecret = &proof
	}
	res, err := a.Users.AuthenticateUser(r.Context(), req)
	return res.GetToken(), err
}

// refresh is POST /refresh-access-token.
func (a API) refresh(w http.ResponseWriter, r *http.Request) (any, error) {
	if err := ignoreBody(w, r); err != nil {
		return nil, err
	}
	res, err := a.Users.RefreshAccessToken(r.Context(), &tokenv1.RefreshAccessTokenRequest{Token: bearer(r)})
	return res.GetToken(), err
}

// logout is POST or GET /logout.
func (a API) logout(w http.ResponseWriter, r *http.Request) (any, error) {
	if err := ignoreBody(w, r); err != nil {
		return nil, err
	}
	_, err := a.Users.Logout(r.Context(), &tokenv1.LogoutRequest{Token: bearer(r)})
	return struct{}{}, err
}

// user is GET /{emailAddress}.
func (a API) user(r *http.Request, segment string) (any, error) {
	email, problem := address(segment)
	if problem != "" {
		return nil, invalid(emailAddress + " " + problem)
	}
	if !basicInfo(r.URL.RawQuery) {
		return nil, invalid("userPartsToFetch must be BasicInfo, once: no other part is known")
	}
	res, err := a.Users.GetUser(r.Context(), &tokenv1.GetUserRequest{Token: bearer(r), EmailAddress: email})
	return userOf(res), err
}

// address decodes a path's segment, exactly once.
func address(segment string) (email, problem string) {
	email, err := url.PathUnescape(segment)
	switch {
	case err != nil:
		return "", "is wrongly encoded"
	case email == "":
		return "", "is required"
	case !utf8.ValidString(email):
		return "", "is not UTF-8"
	case strings.IndexByte(email, 0) >= 0:
		return "", "has a NUL character"
	}
	return email, ""
}

// basicInfo says that a query asks for the one part that there is, or for none in particular.
func basicInfo(query string) bool {
	params, err := oauth.ParseQuery(query)
	if err != nil {
		return false
	}
	part, sent, repeated := params.Get("userPartsToFetch")
	return !sent || part == "BasicInfo" && !repeated
}

// bearer is the token of a request, of whatever kind; empty when there is none that can be right.
func bearer(r *http.Request) string {
	token, _ := enforce.Bearer(r.Header.Values("Authorization"))
	return token
}
