package gateway

import (
	"net/http"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/openid"
	"github.com/vidocu/usher/gateway/internal/page"
	"github.com/vidocu/usher/gateway/internal/registration"
	"github.com/vidocu/usher/gateway/internal/wellknown"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/sdk/enforce"
)

// newMetadata returns the metadata of the authorization server.
func newMetadata(deps Deps, pages *page.Pages) wellknown.Metadata {
	m := wellknown.Metadata{
		Issuer: deps.PublicURL, API: deps.APIURL, Scopes: deps.Catalog.Scopes, ClientDocuments: deps.ClientDocuments,
		PushRequired: deps.PushRequired, Languages: pages.Languages(),
	}
	if deps.Registration {
		m.Registration = deps.APIURL + registration.Path
	}
	return m
}

// withOpenID adds to the pages what OpenID Connect needs.
func withOpenID(flow *browser.Flow, deps Deps) {
	if deps.OpenID {
		flow.OpenID, flow.Logouts = tokenv1.NewOpenIDServiceClient(deps.Token), authzv1.NewLogoutServiceClient(deps.Authz)
	}
}

// openIDRoutes adds the routes of OpenID Connect, where it is on.
func openIDRoutes(r *httpx.Router, deps Deps, flow browser.Flow, metadata wellknown.Metadata) {
	if !deps.OpenID {
		return
	}
	metadata.OpenID = true
	userInfo := openid.UserInfo{
		Tokens: flow.OpenID, Proofs: enforce.NewProofs(), API: deps.APIURL, Resource: deps.Catalog.DefaultResource, Logger: deps.Logger,
	}
	r.Public("/.well-known/openid-configuration", metadata)
	r.Public(openid.KeysPath, openid.Keys{Tokens: flow.OpenID, Logger: deps.Logger})
	r.Handle(openid.UserInfoPath, httpx.CORS(userInfo)) // responds 405 itself
	r.Get(browser.LogoutPath, http.HandlerFunc(flow.Logout))
	r.Post(browser.LogoutPath, http.HandlerFunc(flow.LogoutPosted))
	r.Form(browser.LogoutDecisionPath, http.HandlerFunc(flow.DecideLogout))
}
