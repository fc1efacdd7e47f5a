package registration

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"

	"github.com/vidocu/usher/gateway/internal/httpx"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// Path is the registration endpoint. The configuration endpoints of clients are below it.
const Path = "/oauth/register"

// Endpoints serves the registration endpoint and the configuration endpoints.
type Endpoints struct {
	Registrations authzv1.RegistrationServiceClient
	Deletions     tokenv1.RegistrationServiceClient
	// On says that clients may register themselves.
	On      bool
	Proxies httpx.Proxies
	// API is the origin of the endpoints.
	API    string
	Logger *slog.Logger
}

// ServeHTTP is http.Handler.
func (e *Endpoints) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Pragma", "no-cache")
	serve, err := e.route(w, r)
	if err == nil {
		err = serve(w, r)
	}
	if err != nil {
		e.writeError(w, r, err)
	}
}

// handler serves a request, and writes the response unless it returns an error.
type handler func(w http.ResponseWriter, r *http.Request) error

// route finds the handler. If registration is off, its endpoint does not exist, and the configuration
// endpoints support no method (RFC 7592 §2).
func (e *Endpoints) route(w http.ResponseWriter, r *http.Request) (handler, error) {
	id, configuration := strings.CutPrefix(r.URL.EscapedPath(), Path+"/")
	methods := map[string]handler{http.MethodPost: e.register}
	allow := http.MethodPost
	switch {
	case configuration && (id == "" || strings.Contains(id, "/")):
		return nil, oerr.New(errorv1.Reason_REASON_NOT_FOUND, "there is no such address: clients register at "+Path+", without a slash at the end")
	case !configuration && !e.On:
		return nil, oerr.New(errorv1.Reason_REASON_NOT_FOUND, "clients cannot register themselves at this server")
	case configuration && e.On:
		methods = e.configuration(id)
		allow = "GET, PUT, DELETE"
	case configuration:
		methods, allow = nil, ""
	}
	if serve := methods[r.Method]; serve != nil {
		return serve, nil
	}
	w.Header().Set("Allow", allow)
	text := "this address does not support that method"
	if allow != "" {
		text += ": use " + httpx.Methods(allow)
	}
	return nil, oerr.New(errorv1.Reason_REASON_METHOD_NOT_ALLOWED, text)
}

// configuration returns the methods of a client's configuration endpoint.
func (e *Endpoints) configuration(id string) map[string]handler {
	return map[string]handler{
		http.MethodGet:    func(w http.ResponseWriter, r *http.Request) error { return e.read(w, r, id) },
		http.MethodPut:    func(w http.ResponseWriter, r *http.Request) error { return e.update(w, r, id) },
		http.MethodDelete: func(w http.ResponseWriter, r *http.Request) error { return e.remove(w, r, id) },
	}
}

// register is RFC 7591 §3.
func (e *Endpoints) register(w http.ResponseWriter, r *http.Request) error {
	sent, err := readMembers(w, r)
	if err != nil {
		return err
	}
	metadata, err := sent.metadata()
	if err != nil {
		return err
	}
	res, err := e.Registrations.RegisterClient(r.Context(), &authzv1.RegisterClientRequest{
		Metadata: metadata, InitialAccessToken: httpx.Bearer(r), SourceAddress: e.Proxies.Source(r),
	})
	if err != nil {
		return err
	}
	httpx.WriteJSON(w, http.StatusCreated, e.document(res.GetClient(), res.GetClientSecret(), res.GetRegistrationAccessToken()))
	return nil
}

// read is RFC 7592 §2.1. The response has no secret, of which only the hash is stored.
func (e *Endpoints) read(w http.ResponseWriter, r *http.Request, id string) error {
	token := httpx.Bearer(r)
	res, err := e.Registrations.GetRegistration(r.Context(), &authzv1.GetRegistrationRequest{ClientId: id, RegistrationAccessToken: token})
	if err != nil {
		return err
	}
	httpx.WriteJSON(w, http.StatusOK, e.document(res.GetClient(), "", token))
	return nil
}

// update is RFC 7592 §2.2. The token is validated before the body, so that a stranger learns nothing
// from the errors of the body.
func (e *Endpoints) update(w http.ResponseWriter, r *http.Request, id string) error {
	token := httpx.Bearer(r)
	_, err := e.Registrations.GetRegistration(r.Context(), &authzv1.GetRegistrationRequest{ClientId: id, RegistrationAccessToken: token})
	if err != nil {
		return err
	}
	sent, err := readMembers(w, r)
	if err != nil {
		return err
	}
	metadata, clientSecret, err := sent.update(id)
	if err != nil {
		return err
	}
	res, err := e.Registrations.UpdateRegistration(r.Context(), &authzv1.UpdateRegistrationRequest{
		ClientId: id, RegistrationAccessToken: token, Metadata: metadata, ClientSecret: clientSecret,
		SourceAddress: e.Proxies.Source(r),
	})
	if err != nil {
		return err
	}
	httpx.WriteJSON(w, http.StatusOK, e.document(res.GetClient(), res.GetClientSecret(), res.GetRegistrationAccessToken()))
	return nil
}

// remove is RFC 7592 §2.3.
func (e *Endpoints) remove(w http.ResponseWriter, r *http.Request, id string) error {
	r, done := httpx.Uninterrupted(r)
	defer done()
	_, err := e.Deletions.DeleteRegistration(r.Context(), &tokenv1.DeleteRegistrationRequest{ClientId: id, RegistrationAccessToken: httpx.Bearer(r)})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// document is the client information response (RFC 7591 §3.2.1, RFC 7592 §3).
type document struct {
	ClientID string `json:"client_id"`
	IssuedAt int64  `json:"client_id_issued_at"`
	Secret   string `json:"client_secret,omitempty"`
	// SecretExpiresAt is present exactly if there is a secret; 0 means that it does not expire.
	SecretExpiresAt *int64   `json:"client_secret_expires_at,omitempty"`
	Token           string   `json:"registration_access_token"`
	URI             string   `json:"registration_client_uri"`
	AuthMethod      string   `json:"token_endpoint_auth_method"`
	GrantTypes      []string `json:"grant_types"`
	ResponseTypes   []string `json:"response_types,omitempty"`
	RedirectURIs    []string `json:"redirect_uris,omitempty"`
	Scope           string   `json:"scope"`
	ApplicationType string   `json:"application_type,omitempty"`
	Name            string   `json:"client_name,omitempty"`
	ClientURI       string   `json:"client_uri,omitempty"`
	LogoURI         string   `json:"logo_uri,omitempty"`
	Contacts        []string `json:"contacts,omitempty"`
	TermsURI        string   `json:"tos_uri,omitempty"`
	PolicyURI       string   `json:"policy_uri,omitempty"`
	KeysURI         string   `json:"jwks_uri,omitempty"`
	SoftwareID      string   `json:"software_id,omitempty"`
	SoftwareVersion string   `json:"software_version,omitempty"`

	PostLogoutURIs  []string `json:"post_logout_redirect_uris,omitempty"`
	LogoutURI       string   `json:"backchannel_logout_uri,omitempty"`
	SessionRequired bool     `json:"backchannel_logout_session_required,omitempty"`

	DPoPBound        bool   `json:"dpop_bound_access_tokens,omitempty"`
	PushRequired     bool   `json:"require_pushed_authorization_requests,omitempty"`
	IDTokenAlgorithm string `json:"id_token_signed_response_alg,omitempty"`
	SubjectType      string `json:"subject_type,omitempty"`
	KeyAlgorithm     string `json:"token_endpoint_auth_signing_alg,omitempty"`

	Keys json.RawMessage `json:"jwks,omitempty"`
}

// document returns the response about a client; secret and token are empty where it shows none.
func (e *Endpoints) document(c *authzv1.RegisteredClient, secret, token string) document {
	m := c.GetMetadata()
	d := document{
		ClientID: c.GetClientId(), IssuedAt: c.GetCreateTime().GetSeconds(), Secret: secret, Token: token,
		URI: e.API + Path + "/" + c.GetClientId(), AuthMethod: m.GetTokenEndpointAuthMethod(),
		GrantTypes: m.GetGrantTypes(), ResponseTypes: m.GetResponseTypes(), RedirectURIs: m.GetRedirectUris(), Scope: m.GetScope(),
		ApplicationType: m.GetApplicationType(), Name: m.GetClientName(), ClientURI: m.GetClientUri(), LogoURI: m.GetLogoUri(),
		Contacts: m.GetContacts(), TermsURI: m.GetTosUri(), PolicyURI: m.GetPolicyUri(), KeysURI: m.GetJwksUri(),
		SoftwareID: m.GetSoftwareId(), SoftwareVersion: m.GetSoftwareVersion(), Keys: json.RawMessage(m.GetJwks()),
		PostLogoutURIs: m.GetPostLogoutRedirectUris(), LogoutURI: m.GetBackchannelLogoutUri(), SessionRequired: m.GetBackchannelLogoutSessionRequired(),
		DPoPBound: m.GetDpopBoundAccessTokens(), PushRequired: m.GetRequirePushedAuthorizationRequests(),
		IDTokenAlgorithm: m.GetIdTokenSignedResponseAlg(), SubjectType: m.GetSubjectType(), KeyAlgorithm: m.GetTokenEndpointAuthSigningAlg(),
	}
	if d.Secret != "" {
		d.SecretExpiresAt = new(int64)
	}
	return d
}
