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

// openIDHandlers serve OpenID Connect.
type openIDHandlers struct {
	flow     browser.Flow
	metadata wellknown.Metadata
	keys     openid.Keys
	userInfo openid.UserInfo
}

func newOpenIDHandlers(deps Deps, flow browser.Flow, metadata wellknown.Metadata) openIDHandlers {
	metadata.OpenID = true
	return openIDHandlers{
		flow: flow, metadata: metadata,
		keys:     openid.Keys{Tokens: flow.OpenID, Logger: deps.Logger},
		userInfo: openid.UserInfo{Tokens: flow.OpenID, Proofs: enforce.NewProofs(), API: deps.APIURL, Logger: deps.Logger},
	}
}

// openIDRoutes adds the routes of OpenID Connect, where it is on.
func openIDRoutes(r *httpx.Router, deps Deps, p openIDHandlers) {
	if !deps.OpenID {
		return
	}
	r.Public("/.well-known/openid-configuration", p.metadata)
	r.Public(openid.KeysPath, p.keys)
	r.Handle(openid.UserInfoPath, httpx.CORS(p.userInfo)) // responds 405 itself
	r.Get(browser.LogoutPath, http.HandlerFunc(p.flow.Logout))
	r.Post(browser.LogoutPath, http.HandlerFunc(p.flow.LogoutPosted))
	r.Form(browser.LogoutDecisionPath, http.HandlerFunc(p.flow.DecideLogout))
}
