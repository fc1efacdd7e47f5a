package dynamic

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// The values of token_endpoint_auth_method.
const (
	methodNone  = "none"
	methodBasic = "client_secret_basic"
	methodPost  = "client_secret_post"
)

// responseCode is the only response type.
const responseCode = "code"

// The limits of the metadata.
const (
	maxRedirectURIs = 10
	maxContacts     = 10
	maxName         = 100
	maxText         = 255
	maxAddress      = 2048
)

// MetadataError is a member that cannot be registered (RFC 7591 §3.2.2).
type MetadataError struct {
	// Member is the name of the member.
	Member string
	// Problem continues the sentence that starts with the member's name.
	Problem string
}

// Error returns the member and the problem.
func (e *MetadataError) Error() string { return e.Member + e.separator() + e.Problem }

// separator is empty before an index: "redirect_uris[2] …".
func (e *MetadataError) separator() string {
	if strings.HasPrefix(e.Problem, "[") {
		return ""
	}
	return " "
}

func refuse(member, problem string) error { return &MetadataError{Member: member, Problem: problem} }

// Names are names that a client must not have.
type Names interface {
	// Imitated returns the reserved name that users could mistake a name for; empty if there is
	// none.
	Imitated(name string) string
}

// Rules validate metadata.
type Rules struct {
	// Allowed returns the scope that clients may register themselves for now.
	Allowed func() oauth.Scope
	// Known reports whether a scope exists now.
	Known func(name string) bool
	// Reserved are names of the operator's own clients.
	Reserved Names
	// PrivateUseSchemes are the schemes without a dot that redirect URIs may have.
	PrivateUseSchemes []string
	// CheckURL returns an error for an address of keys that is not requested.
	CheckURL func(address string) error
	// OpenID says that there are ID tokens. The members about them are ignored where there are none, as every
	// member that a server does not know (RFC 7591 §2).
	OpenID bool
}

// apply validates the metadata of a request as a whole and returns the client that it describes,
// without an identifier. It never reads what was registered before: an update is validated like a
// registration, and an omitted member has its default and not its former value.
func (r Rules) apply(m Metadata, privilege Privilege) (Client, error) {
	if !r.OpenID {
		m.IDTokenAlgorithm, m.SubjectType = "", ""
	}
	if m.Statement != "" {
		return Client{}, refuse(memberStatement, "is not accepted: leave it out")
	}
	for _, check := range []func(Metadata) error{r.checkName, checkAddresses, checkTexts, checkKeys, checkApplicationType, checkIDToken} {
		if err := check(m); err != nil {
			return Client{}, err
		}
	}
	grants, err := grantTypes(m.GrantTypes, privilege)
	if err != nil {
		return Client{}, err
	}
	var uris []string
	if len(m.RedirectURIs) > 0 || slices.Contains(grants, oauth.AuthorizationCodeGrant) {
		if uris, err = r.redirectURIs(m); err != nil {
			return Client{}, err
		}
	}
	if len(m.ResponseTypes) > 0 && !slices.Contains(m.ResponseTypes, responseCode) {
		return Client{}, refuse("response_types", "must include code, the only response type")
	}
	scope, err := r.scope(m.Scope, privilege)
	if err != nil {
		return Client{}, err
	}
	method, err := authMethod(m, uris)
	if err != nil {
		return Client{}, err
	}
	registered := Client{Metadata: m, Privilege: privilege}
	if registered.Metadata.AuthMethod = method; method == oauth.PrivateKeyJWT {
		if err := r.setKeys(&registered); err != nil {
			return Client{}, err
		}
	} else {
		registered.Metadata.Keys, registered.Metadata.KeysURI, registered.Metadata.KeyAlgorithm = "", "", ""
	}
	registered.RestoreSecurity()
	if err := r.setLogout(&registered); err != nil {
		return Client{}, err
	}
	registered.Name, registered.Type = strings.TrimSpace(m.Name), client.Confidential
	if method == methodNone {
		registered.Type = client.Public
	}
	registered.Metadata.Name = registered.Name
	registered.RedirectURIs, registered.GrantTypes, registered.Scope = uris, grants, scope
	registered.ApplicationType, registered.Unverified = client.ApplicationType(m.ApplicationType), true
	return registered, nil
}

// memberStatement is the only member with an error code of its own.
const memberStatement = "software_statement"

func (r Rules) checkName(m Metadata) error {
	name := strings.TrimSpace(m.Name)
	if name == "" {
		return nil // users see the identifier (RFC 7591 §2)
	}
	if !oauth.PrintableText(name, maxName) {
		return refuse("client_name", fmt.Sprintf("must have 1 to %d printable characters", maxName))
	}
	if reserved := r.Reserved.Imitated(name); reserved != "" {
		return refuse("client_name", fmt.Sprintf("looks like %q, which is reserved: choose another name", reserved))
	}
	return nil
}

// checkAddresses validates addresses that are stored and returned, and never fetched. For jwks_uri see
// setKeys.
func checkAddresses(m Metadata) error {
	for _, a := range []struct{ member, address string }{
		{"client_uri", m.URI}, {"logo_uri", m.LogoURI}, {"tos_uri", m.TermsURI}, {"policy_uri", m.PolicyURI},
	} {
		if a.address == "" {
			continue
		}
		u, err := url.Parse(a.address)
		switch {
		case err != nil, !oauth.PrintableText(a.address, maxAddress), strings.ContainsAny(a.address, " \"<>\\"), u.Host == "", u.User != nil:
			return refuse(a.member, "must be a web address without user information")
		case u.Scheme != "https" && u.Scheme != "http":
			return refuse(a.member, "must begin with https://")
		}
	}
	return nil
}

func checkTexts(m Metadata) error {
	if len(m.Contacts) > maxContacts {
		return refuse("contacts", fmt.Sprintf("must be at most %d", maxContacts))
	}
	for i, contact := range m.Contacts {
		if contact == "" || !oauth.PrintableText(contact, maxText) {
			return refuse("contacts", fmt.Sprintf("[%d] must have 1 to %d printable characters", i, maxText))
		}
	}
	for _, t := range []struct{ member, text string }{{"software_id", m.SoftwareID}, {"software_version", m.SoftwareVersion}} {
		if t.text != "" && !oauth.PrintableText(t.text, maxText) {
			return refuse(t.member, fmt.Sprintf("must have at most %d printable characters", maxText))
		}
	}
	return nil
}

func checkKeys(m Metadata) error {
	if m.Keys != "" && m.KeysURI != "" {
		return refuse("jwks_uri", "cannot be sent together with jwks (RFC 7591 section 2)")
	}
	return nil
}

func checkApplicationType(m Metadata) error {
	switch client.ApplicationType(m.ApplicationType) {
	case "", client.Native, client.Web:
		return nil
	}
	return refuse("application_type", "must be native or web")
}

func checkIDToken(m Metadata) error {
	return asMetadata(registry.CheckIDTokenAlgorithm(m.IDTokenAlgorithm))
}

// redirectURIs returns the redirect URIs, each once. One that cannot be registered refuses the whole
// registration, with its index: a client must not learn from a failed authorization which was left
// out.
func (r Rules) redirectURIs(m Metadata) ([]string, error) {
	const member = "redirect_uris"
	var uris []string
	if len(m.RedirectURIs) == 0 {
		return nil, refuse(member, "must have at least one")
	}
	if len(m.RedirectURIs) > maxRedirectURIs {
		return nil, refuse(member, fmt.Sprintf("must be at most %d", maxRedirectURIs))
	}
	for i, uri := range m.RedirectURIs {
		scheme := schemeOf(uri)
		if err := oauth.CheckRedirectURI(uri, r.PrivateUseSchemes); err != nil {
			return nil, refuse(member, fmt.Sprintf("[%d]%s cannot be registered: %s", i, scheme, err))
		}
		if m.ApplicationType == string(client.Web) && !isWeb(uri) {
			return nil, refuse(member, fmt.Sprintf("[%d]%s has a private-use scheme: register the client with application_type native", i, scheme))
		}
		if !slices.Contains(uris, uri) {
			uris = append(uris, uri)
		}
	}
	return uris, nil
}

// schemeOf describes a URI in an error by its scheme; empty if it has none.
func schemeOf(uri string) string {
	const longest = 32
	scheme, _, found := strings.Cut(uri, ":")
	if !found || len(scheme) > longest || strings.ContainsFunc(scheme, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("+-.", c)
	}) {
		return ""
	}
	return " (" + scheme + ":...)"
}

func isWeb(uri string) bool {
	return strings.HasPrefix(uri, "https:") || strings.HasPrefix(uri, "http:")
}

// grantTypes returns the grant types that the client can have. Others are left out, which the
// response says (RFC 7591 §3.2.1): clients list every grant type that they implement. The client
// credentials grant is never among them, since the client is not verified, and devices are for
// clients with an initial access token: their users cannot see which client asks.
func grantTypes(requested []string, privilege Privilege) ([]string, error) {
	if len(requested) == 0 {
		return []string{oauth.AuthorizationCodeGrant}, nil
	}
	allowed := oauth.DefaultGrantTypes()
	if privilege.Token {
		allowed = append(allowed, oauth.DeviceCodeGrant)
	}
	grants := slices.DeleteFunc(allowed, func(name string) bool { return !slices.Contains(requested, name) })
	switch {
	case oauth.AnyGrantType(grants, func(g oauth.GrantType) bool { return g.Starts }):
		return grants, nil
	case slices.Contains(requested, oauth.DeviceCodeGrant):
		return nil, refuse("grant_types", "has "+oauth.DeviceCodeGrant+" alone, which needs an initial access token")
	}
	return nil, refuse("grant_types", "must include authorization_code, which a client that registers itself starts with")
}

// scope returns the scope that the client may request: the names that it registers for and that the
// operator allows, and everything that is allowed if it names no scope.
func (r Rules) scope(requested string, privilege Privilege) (oauth.Scope, error) {
	allowed := privilege.Scope
	if len(allowed) == 0 {
		allowed = r.Allowed()
	}
	allowed = allowed.Without(func(name string) bool { return !r.Known(name) })
	names, err := oauth.ParseRequestedScope(requested)
	if err != nil && requested != "" && strings.TrimSpace(requested) != "" {
		return nil, refuse("scope", "must be names separated by spaces")
	}
	granted := client.LimitScope(names, allowed)
	if len(granted) == 0 {
		return nil, refuse("scope", "has none that a client may register itself for; it may register for: "+strings.Join(allowed, " "))
	}
	return granted, nil
}

// authMethod returns the authentication method. A client without one that runs on the user's device
// cannot keep a secret, and gets none.
func authMethod(m Metadata, uris []string) (string, error) {
	switch m.AuthMethod {
	case methodNone, methodBasic, methodPost, oauth.PrivateKeyJWT:
		return m.AuthMethod, nil
	case "":
		if m.ApplicationType == string(client.Native) || m.ApplicationType == "" && onDevice(uris) {
			return methodNone, nil
		}
		return methodBasic, nil
	}
	return "", refuse("token_endpoint_auth_method", "must be none, client_secret_basic, client_secret_post or private_key_jwt")
}

// setKeys makes a client authenticate with the keys of its metadata. A client that anyone can
// register must not choose what this server connects to: without an initial access token the keys
// are in the metadata.
func (r Rules) setKeys(c *Client) error {
	m := c.Metadata
	c.KeyAuthentication = client.KeyAuthentication{Method: oauth.PrivateKeyJWT, URI: m.KeysURI, Algorithm: m.KeyAlgorithm}
	switch {
	case m.Keys == "" && m.KeysURI == "":
		return refuse("jwks", "is needed for private_key_jwt, or jwks_uri with an initial access token")
	case m.Keys != "":
		keys, err := client.ParseKeySet(m.Keys)
		if err != nil {
			return refuse("jwks", err.Error())
		}
		return asMetadata(registry.CheckSigningAlgorithm(m.KeyAlgorithm, keys))
	case !c.Privilege.Token:
		return refuse("jwks_uri", "needs an initial access token: send the keys in jwks")
	}
	if err := r.CheckURL(m.KeysURI); err != nil {
		return refuse("jwks_uri", "cannot be read: "+err.Error())
	}
	return asMetadata(registry.CheckSigningAlgorithm(m.KeyAlgorithm, nil))
}

// onDevice reports whether every redirect URI is on the user's device.
func onDevice(uris []string) bool {
	return !slices.ContainsFunc(uris, func(uri string) bool { return strings.HasPrefix(uri, "https:") })
}
