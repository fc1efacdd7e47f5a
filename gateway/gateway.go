package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/vidocu/usher/gateway/internal/account"
	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/dialect"
	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/page"
	"github.com/vidocu/usher/gateway/internal/refusal"
	"github.com/vidocu/usher/gateway/internal/userapi"
	"github.com/vidocu/usher/gateway/internal/wellknown"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/telemetry"
	usher "github.com/vidocu/usher/sdk"
)

// Deps are what the gateway stands on. The caller opens and closes them.
type Deps struct {
	Logger  *slog.Logger
	Metrics *telemetry.Metrics
	// Tracing follows requests; nil follows none.
	Tracing *telemetry.Tracing
	// Identity, Authz, Token and Consent reach the services as caller `gateway`.
	Identity, Authz, Token, Consent grpc.ClientConnInterface
	// Catalog knows which scopes exist at this moment.
	Catalog *catalog.Source
	// Checker judges bearers' requests: the SDK's client, towards the token service.
	Checker Checker
	// PublicURL is where browsers come to, and the issuer.
	PublicURL string
	// APIURL is where apps come to; empty when that is PublicURL.
	APIURL string
	// UpstreamURL is the origin behind /v1; empty when there is none.
	UpstreamURL string
	// Development adds the demonstration pages.
	Development bool
}

// Checker says in whose name a request may be served. It fails with an *enforce.Denial, or with anything else when the answer
// cannot be known.
type Checker interface {
	Check(ctx context.Context, token, method, path string) (*usher.Token, error)
}

// New builds the handler of the public listener.
func New(ctx context.Context, config Config, deps Deps) (http.Handler, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("gateway configuration: %w", err)
	}
	if deps.APIURL == "" {
		deps.APIURL = deps.PublicURL
	}
	for _, conn := range []*grpc.ClientConnInterface{&deps.Identity, &deps.Authz, &deps.Token, &deps.Consent} {
		*conn = refusal.Conn{ClientConnInterface: *conn}
	}
	proxies, err := httpx.ParseProxies(config.TrustedProxies)
	if err != nil {
		return nil, err
	}
	endpoints, err := dialect.New(ctx, dialect.Config{
		Token: deps.Token, Logger: deps.Logger, Proxies: proxies, ErrorDocsURL: config.ErrorDocsURL,
	})
	if err != nil {
		return nil, fmt.Errorf("building the OAuth endpoints: %w", err)
	}
	deps.Metrics.ExpectRefusals("/oauth/token", errorv1.Cause_CAUSE_CODE_REPLAYED, errorv1.Cause_CAUSE_REFRESH_REUSED)
	pages := page.New()
	cookies := browser.Cookies{Secure: strings.HasPrefix(deps.PublicURL, "https://")}
	flow := browser.Flow{
		Cookies: cookies, Pages: pages, Logger: deps.Logger, Proxies: proxies,
		Sessions:       identityv1.NewSessionServiceClient(deps.Identity),
		Authorizations: authzv1.NewAuthorizationServiceClient(deps.Authz),
		Consents:       consentv1.NewConsentServiceClient(deps.Consent),
	}
	apps := account.Account{Flow: flow, Apps: consentv1.NewConnectedAppServiceClient(deps.Consent)}
	users := userapi.API{Users: tokenv1.NewUserServiceClient(deps.Token), Proxies: proxies, Logger: deps.Logger}
	metadata := wellknown.Metadata{Issuer: deps.PublicURL, API: deps.APIURL, Scopes: deps.Catalog.Scopes}

	api, err := door(config, deps, proxies)
	if err != nil {
		return nil, err
	}
	problems := problems{endpoints: endpoints, users: users, pages: pages, publicURL: deps.PublicURL}
	notFound := httpx.OpenCORS(http.HandlerFunc(problems.NotFound))
	router := httpx.NewRouter(httpx.RouterConfig{
		Logger: deps.Logger, Metrics: deps.Metrics, Tracing: deps.Tracing, Timeout: config.CallTimeout,
		TLS: cookies.Secure, PublicURL: deps.PublicURL, LogRefusals: refusals(config, deps).Verbose,
		NotFound: notFound, Problem: problems.Problem,
		Forwarded: httpx.NewForwardWatch(proxies, deps.Logger, deps.Metrics.UntrustedForwarded(), time.Now),
	})
	contact := wellknown.SecurityTxt{
		PublicURL: deps.PublicURL, Contacts: config.SecurityContact, Expires: config.securityExpiry(), Now: time.Now,
		NotFound: notFound,
	}
	routes(router, parts{
		endpoints: endpoints, flow: flow, apps: apps, metadata: metadata, pages: pages, users: users, api: api, notFound: notFound,
		contact: contact,
	})
	if deps.Development {
		demo(router, browser.Demo{Pages: pages, PublicURL: deps.PublicURL, APIURL: deps.APIURL})
	} else {
		router.Get("/", seeOther(browser.HomePath))
	}
	return router, nil
}

type parts struct {
	endpoints *dialect.Endpoints
	flow      browser.Flow
	apps      account.Account
	metadata  wellknown.Metadata
	pages     *page.Pages
	users     userapi.API
	api       http.Handler
	notFound  http.Handler
	contact   wellknown.SecurityTxt
}

// oauthPaths are the endpoints with two dialects.
func oauthPaths() []string { return []string{"/oauth/token", "/oauth/revoke", "/oauth/introspect"} }

// routes is the whole public surface.
func routes(r *httpx.Router, p parts) {
	for _, path := range oauthPaths() {
		r.Handle(path, httpx.CORS(p.endpoints)) // answers wrong methods itself, in its own dialect
	}
	r.Handle(userapi.Path, httpx.CORS(p.users))
	r.Prefix(userapi.Path+"/", httpx.CORS(p.users)) // answers wrong methods and paths itself, in its own shape
	r.Under("/v1/", httpx.OpenCORS(p.api))
	r.Public("/.well-known/oauth-authorization-server", p.metadata)

	r.Get("/oauth/authorize", http.HandlerFunc(p.flow.Authorize))
	r.Post("/oauth/authorize", http.HandlerFunc(p.flow.AuthorizePosted))
	r.Get("/signin", http.HandlerFunc(p.flow.SignInPage))
	r.Form("/signin", http.HandlerFunc(p.flow.SignIn))
	r.Form("/signout", http.HandlerFunc(p.flow.SignOut))
	r.Get("/consent", http.HandlerFunc(p.flow.ConsentPage))
	r.Form("/consent/decision", http.HandlerFunc(p.flow.Decide))
	r.Get("/account/connected-apps", http.HandlerFunc(p.apps.List))
	r.Form("/account/connected-apps/disconnect", http.HandlerFunc(p.apps.Disconnect))
	r.Get(browser.CookieCheckPath, http.HandlerFunc(p.flow.CookieCheck))
	r.Get("/account", seeOther(browser.HomePath))
	r.Get("/.well-known/change-password", seeOther("/account"))
	r.Get("/.well-known/security.txt", p.contact)
	r.Get("/favicon.ico", http.HandlerFunc(p.pages.Icon))
	r.Prefix(page.AssetsPath, p.pages.Assets(p.notFound))
	r.Public("/healthz", http.HandlerFunc(httpx.Alive))
}

func demo(r *httpx.Router, d browser.Demo) {
	r.Get("/", http.HandlerFunc(d.Home))
	r.Get("/demo/callback", http.HandlerFunc(d.Callback))
}

// seeOther leads to another page of ours.
func seeOther(path string) http.Handler { return http.RedirectHandler(path, http.StatusSeeOther) }
