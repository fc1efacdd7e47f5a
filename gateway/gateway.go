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
	"github.com/vidocu/usher/gateway/internal/userapi"
	"github.com/vidocu/usher/gateway/internal/wellknown"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
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
	endpoints, err := dialect.New(ctx, deps.Token, deps.Logger)
	if err != nil {
		return nil, fmt.Errorf("building the OAuth endpoints: %w", err)
	}
	proxies, err := httpx.ParseProxies(config.TrustedProxies)
	if err != nil {
		return nil, err
	}
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

	api, err := door(config, deps)
	if err != nil {
		return nil, err
	}
	router := httpx.NewRouter(httpx.RouterConfig{
		Logger: deps.Logger, Metrics: deps.Metrics, Tracing: deps.Tracing, Timeout: config.CallTimeout,
		TLS: cookies.Secure, NotFound: notFound(pages), WrongMethod: wrongMethod(pages),
	})
	contact := wellknown.SecurityTxt{
		PublicURL: deps.PublicURL, Contacts: config.SecurityContact, Expires: config.securityExpiry(), Now: time.Now,
		NotFound: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { dialect.NotFound(w) }),
	}
	routes(router, parts{
		endpoints: endpoints, flow: flow, apps: apps, metadata: metadata, pages: pages, users: users, api: api, contact: contact,
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
	contact   wellknown.SecurityTxt
}

// routes is the whole public surface.
func routes(r *httpx.Router, p parts) {
	for _, path := range []string{"/oauth/token", "/oauth/revoke", "/oauth/introspect"} {
		r.Handle(path, httpx.CORS(p.endpoints)) // answers wrong methods itself, in its own dialect
	}
	r.Handle(userapi.Path, httpx.CORS(p.users))
	r.Prefix(userapi.Path+"/", httpx.CORS(p.users)) // answers wrong methods and paths itself, in its own shape
	r.Under("/v1/", httpx.OpenCORS(p.api))
	r.Get("/.well-known/oauth-authorization-server", httpx.CORS(p.metadata))

	r.Get("/oauth/authorize", http.HandlerFunc(p.flow.Authorize))
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
	r.Get(page.StylesheetPath, http.HandlerFunc(p.pages.Stylesheet))
	r.Get("/healthz", http.HandlerFunc(httpx.Alive))
}

func demo(r *httpx.Router, d browser.Demo) {
	r.Get("/", http.HandlerFunc(d.Home))
	r.Get("/demo/callback", http.HandlerFunc(d.Callback))
}

// seeOther leads to another page of ours.
func seeOther(path string) http.Handler { return http.RedirectHandler(path, http.StatusSeeOther) }

// fromBrowser reports whether a request wants a page.
func fromBrowser(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

// wrongMethod returns a page to a browser and a line of text to any other client. The router has set Allow.
func wrongMethod(pages *page.Pages) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !fromBrowser(r) {
			http.Error(w, "This address does not answer that method.", http.StatusMethodNotAllowed)
			return
		}
		pages.Notice(w, r, page.Notice{
			Status: http.StatusMethodNotAllowed, Heading: "This page cannot be opened this way",
			Text: "This address takes only the form of one of our pages, and nothing was sent. Go on from the page that you came from.",
		})
	})
}

// notFound answers a browser with a page and everybody else in the documented shape.
func notFound(pages *page.Pages) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fromBrowser(r) {
			pages.Notice(w, r, page.Notice{Status: http.StatusNotFound, Heading: "There is no such page", Text: "There is no such page here."})
			return
		}
		dialect.NotFound(w)
	})
}
