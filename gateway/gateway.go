package gateway

import (
	"cmp"
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
	"github.com/vidocu/usher/gateway/internal/docsite"
	"github.com/vidocu/usher/gateway/internal/guard"
	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/logos"
	"github.com/vidocu/usher/gateway/internal/openapi"
	"github.com/vidocu/usher/gateway/internal/page"
	"github.com/vidocu/usher/gateway/internal/refusal"
	"github.com/vidocu/usher/gateway/internal/registration"
	"github.com/vidocu/usher/gateway/internal/requestlog"
	"github.com/vidocu/usher/gateway/internal/textcheck"
	"github.com/vidocu/usher/gateway/internal/userapi"
	"github.com/vidocu/usher/gateway/internal/wellknown"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// Deps are the connections and addresses that the gateway uses. The caller opens and closes them.
type Deps struct {
	Logger  *slog.Logger
	Metrics *telemetry.Metrics
	// Tracing traces requests; nil traces none.
	Tracing *telemetry.Tracing
	// Identity, Authz, Token and Consent are connections to the services, with the identity
	// `gateway`.
	Identity, Authz, Token, Consent grpc.ClientConnInterface
	// Activity is a connection to the activity service, or nil: no requests are recorded then, and the
	// pages of an account say that the list of events is not available.
	Activity grpc.ClientConnInterface
	// Requests records finished requests for the request log; nil records none.
	Requests *requestlog.Recorder
	// Catalog holds the scopes that exist at present.
	Catalog *catalog.Source
	// Checker authorizes the requests of bearers: the SDK's client, connected to the token service.
	Checker guard.Checker
	// PublicURL is the address that browsers open, and the issuer (RFC 8414 §2).
	PublicURL string
	// APIURL is the address that clients call; empty where it is PublicURL.
	APIURL string
	// UpstreamURL is the origin behind /v1; empty when there is none.
	UpstreamURL string
	// Registration says that clients may register themselves (RFC 7591).
	Registration bool
	// OpenID says that OpenID Connect is on.
	OpenID bool
	// PushRequired says that every authorization request must be pushed (RFC 9126).
	PushRequired bool
	// Development adds the demonstration pages.
	Development bool
	// ClientDocuments says that a client_id may be the URL of a document that describes the client.
	ClientDocuments bool
}

// withRefusals returns Deps whose connections refuse what gRPC cannot send, and record the refusals of the
// services. Those of the activity service are of no request: a page does without it.
func (d Deps) withRefusals() Deps {
	for _, conn := range []*grpc.ClientConnInterface{&d.Identity, &d.Authz, &d.Token, &d.Consent} {
		*conn = refusal.Conn{ClientConnInterface: textcheck.Conn{ClientConnInterface: *conn}}
	}
	if d.Activity != nil {
		d.Activity = textcheck.Conn{ClientConnInterface: d.Activity}
	}
	return d
}

// New builds the handler of the public listener.
func New(ctx context.Context, config Config, deps Deps) (http.Handler, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("gateway configuration: %w", err)
	}
	deps.APIURL = cmp.Or(deps.APIURL, deps.PublicURL)
	deps = deps.withRefusals()
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
	expectRefusals(deps.Metrics)
	cookies := browser.Cookies{Secure: strings.HasPrefix(deps.PublicURL, "https://")}
	pages, err := newPages(config, deps, cookies)
	if err != nil {
		return nil, err
	}
	flow := browser.Flow{
		Cookies: cookies, Pages: pages, Logger: deps.Logger, PublicURL: deps.PublicURL, Proxies: proxies,
		Sessions:       identityv1.NewSessionServiceClient(deps.Identity),
		Authorizations: authzv1.NewAuthorizationServiceClient(deps.Authz),
		Devices:        authzv1.NewDeviceServiceClient(deps.Authz),
		Consents:       consentv1.NewConsentServiceClient(deps.Consent), ConnectedApps: consentv1.NewConnectedAppServiceClient(deps.Consent),
		Catalog: deps.Catalog,
	}
	withOpenID(&flow, deps)
	users := userapi.API{Users: tokenv1.NewUserServiceClient(deps.Token), Proxies: proxies, Logger: deps.Logger}
	registrations := &registration.Endpoints{
		Registrations: authzv1.NewRegistrationServiceClient(deps.Authz), Deletions: tokenv1.NewRegistrationServiceClient(deps.Token),
		On: deps.Registration, Proxies: proxies, API: deps.APIURL, Logger: deps.Logger,
	}
	resources := wellknown.Resources{Issuer: deps.PublicURL, API: deps.APIURL, Resources: deps.Catalog.Resources}
	api, err := newProxy(config, deps, proxies)
	if err != nil {
		return nil, err
	}
	problems := problems{endpoints: endpoints, registrations: registrations, users: users, pages: pages, publicURL: deps.PublicURL}
	notFound := httpx.OpenCORS(http.HandlerFunc(problems.NotFound))
	resources.NotFound = http.HandlerFunc(problems.NotFound)
	router := httpx.NewRouter(httpx.RouterConfig{
		Logger: deps.Logger, Metrics: deps.Metrics, Tracing: deps.Tracing, Timeout: config.CallTimeout,
		TLS: cookies.Secure, PublicURL: deps.PublicURL, Refusals: refusalReporter(config, deps),
		NotFound: notFound, Problem: problems.Problem, Requests: deps.Requests,
		Forwarded: httpx.NewForwardWatch(proxies, deps.Logger, deps.Metrics.UntrustedForwarded(), time.Now),
	})
	contact := wellknown.SecurityTxt{
		PublicURL: deps.PublicURL, Contacts: config.SecurityContact, Expires: config.securityExpiry(), Now: time.Now,
		NotFound: notFound,
	}
	described, err := describe(config, deps)
	if err != nil {
		return nil, err
	}
	metadata := newMetadata(deps, pages)
	developerRoutes(router, flow, deps, notFound)
	workspaceRoutes(router, flow, deps, notFound)
	openIDRoutes(router, deps, flow, metadata)
	routes(router, handlers{
		endpoints: endpoints, flow: flow, account: newAccount(flow, deps), metadata: metadata, pages: pages, users: users, api: api, notFound: notFound,
		logos:   logos.Handler{Logos: authzv1.NewLogoServiceClient(deps.Authz), NotFound: notFound, Problem: problems.Problem},
		contact: contact, resources: resources, description: described, registrations: registrations,
		docs: docsite.New(docsite.Config{
			Pages: pages, PublicURL: deps.PublicURL, APIURL: deps.APIURL, Catalog: deps.Catalog.Current, Description: described.Current, NotFound: notFound,
		}),
	})
	if deps.Development {
		demo(router, browser.Demo{Pages: pages, PublicURL: deps.PublicURL, APIURL: deps.APIURL})
	} else {
		router.Get("/", seeOther(browser.HomePath))
	}
	return router, nil
}

// expectRefusals adds the refusals that alerts watch to the metrics before the first one.
func expectRefusals(metrics *telemetry.Metrics) {
	metrics.ExpectRefusals("/oauth/token", errorv1.Cause_CAUSE_CODE_REPLAYED, errorv1.Cause_CAUSE_REFRESH_REUSED)
	metrics.ExpectRefusals("/device", errorv1.Cause_CAUSE_USER_CODE_UNKNOWN)
}

// newPages returns the pages; a development server has them in ar-XB too.
func newPages(config Config, deps Deps, cookies browser.Cookies) (*page.Pages, error) {
	brand, err := config.brand()
	if err != nil {
		return nil, fmt.Errorf("gateway configuration: %w", err)
	}
	pages := page.New()
	if deps.Development {
		pages = page.NewDevelopment()
	}
	pages.SetBrand(brand)
	pages.Preferred = cookies.Language
	return pages, nil
}

// newAccount returns the pages of an account.
func newAccount(flow browser.Flow, deps Deps) account.Account {
	pages := account.Account{
		Flow: flow, ConnectedApps: consentv1.NewConnectedAppServiceClient(deps.Consent), Passwords: tokenv1.NewPasswordServiceClient(deps.Token),
	}
	if deps.Activity != nil {
		pages.Audit = activityv1.NewAuditServiceClient(deps.Activity)
	}
	return pages
}

// describe returns the description of the API.
func describe(config Config, deps Deps) (*openapi.Server, error) {
	return openapi.New(openapi.Config{
		PublicURL: deps.PublicURL, APIURL: deps.APIURL, Product: config.ProductName, Catalog: deps.Catalog.Current,
	})
}

type handlers struct {
	endpoints   *dialect.Endpoints
	flow        browser.Flow
	account     account.Account
	metadata    wellknown.Metadata
	pages       *page.Pages
	users       userapi.API
	api         http.Handler
	notFound    http.Handler
	contact     wellknown.SecurityTxt
	resources   wellknown.Resources
	docs        *docsite.Site
	description *openapi.Server
	logos       logos.Handler

	registrations *registration.Endpoints
}

// oauthPaths are the endpoints that take both dialects.
func oauthPaths() []string {
	return []string{oauth.TokenPath, "/oauth/revoke", "/oauth/introspect", "/oauth/device_authorization", oauth.PushPath}
}

// routes adds every public route.
func routes(r *httpx.Router, p handlers) {
	for _, path := range oauthPaths() {
		r.Handle(path, httpx.CORS(p.endpoints)) // responds 405 itself, in its own dialect
	}
	r.Handle(registration.Path, httpx.CORS(p.registrations))
	r.Prefix(registration.Path+"/", httpx.OpenCORS(p.registrations)) // respond 404 and 405 themselves, in their own format
	r.Handle(userapi.Path, httpx.CORS(p.users))
	r.Prefix(userapi.Path+"/", httpx.CORS(p.users)) // responds 404 and 405 itself, in its own format
	r.Under("/v1/", httpx.OpenCORS(p.api))
	r.Public("/.well-known/oauth-authorization-server", p.metadata)
	r.Public(catalog.MetadataPath(), p.resources)
	r.PublicPrefix(catalog.MetadataPath()+"/", p.resources)

	r.Public(openapi.Path, p.description)
	r.Get(docsite.Path, http.HandlerFunc(p.docs.Index))
	r.Prefix(docsite.Path+"/", p.docs)

	r.Get("/oauth/authorize", http.HandlerFunc(p.flow.Authorize))
	r.Post("/oauth/authorize", http.HandlerFunc(p.flow.AuthorizePosted))
	r.Get("/signin", http.HandlerFunc(p.flow.SignInPage))
	r.Form("/signin", http.HandlerFunc(p.flow.SignIn))
	r.Form("/signout", http.HandlerFunc(p.flow.SignOut))
	r.Get("/consent", http.HandlerFunc(p.flow.ConsentPage))
	r.Form("/consent/decision", http.HandlerFunc(p.flow.Decide))
	r.Get("/device", http.HandlerFunc(p.flow.DevicePage))
	r.Form("/device", http.HandlerFunc(p.flow.EnterDevice))
	accountRoutes(r, p.account)
	r.Get(browser.CookieCheckPath, http.HandlerFunc(p.flow.CookieCheck))
	r.Get("/.well-known/change-password", seeOther(browser.SecurityPath))
	r.Get("/.well-known/security.txt", p.contact)
	r.Get("/favicon.ico", http.HandlerFunc(p.pages.Icon))
	r.Prefix(page.AssetsPath, p.pages.Assets(p.notFound))
	r.Prefix(page.LogosPath, p.logos)
	r.Public("/healthz", http.HandlerFunc(httpx.Healthz))
}

// accountRoutes adds the pages of an account and their forms.
func accountRoutes(r *httpx.Router, a account.Account) {
	r.Get("/account", http.HandlerFunc(a.Profile))
	r.Form("/account", http.HandlerFunc(a.SaveProfile))
	r.Get("/account/security", http.HandlerFunc(a.Security))
	r.Form("/account/security", http.HandlerFunc(a.ChangePassword))
	r.Get("/account/devices", http.HandlerFunc(a.Devices))
	r.Form("/account/devices/end", http.HandlerFunc(a.EndDevice))
	r.Form("/account/devices/end-others", http.HandlerFunc(a.EndOtherDevices))
	r.Get("/account/connected-apps", http.HandlerFunc(a.List))
	r.Form("/account/connected-apps/disconnect", http.HandlerFunc(a.Disconnect))
	r.Get("/account/activity", http.HandlerFunc(a.Activity))
}

func demo(r *httpx.Router, d browser.Demo) {
	r.Get("/", http.HandlerFunc(d.Home))
	r.Get("/demo/callback", http.HandlerFunc(d.Callback))
	r.Get("/dev/components", http.HandlerFunc(d.Components))
}

// seeOther redirects to another page of the gateway.
func seeOther(path string) http.Handler { return http.RedirectHandler(path, http.StatusSeeOther) }
