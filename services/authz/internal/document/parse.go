package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

const (
	maxNameLength = 100
	maxURIs       = 20
)

// Rules are the operator's rules for what a document may say, besides its address.
type Rules struct {
	// PrivateUseSchemes are the schemes without a dot that redirect URIs may have.
	PrivateUseSchemes []string
	// Imitated returns the reserved name that a name looks like; empty for none.
	Imitated func(name string) string
	// CheckURL returns an error for an address that is not requested.
	CheckURL func(address string) error
	// OpenID says that there are ID tokens; the members about them are ignored where there are none.
	OpenID bool
}

// metadata has the members of a document that are read (RFC 7591 §2). Others are ignored: above all,
// logo_uri is never requested, neither from here nor by a browser.
type metadata struct {
	id, name                                string
	uri, policyURI, termsURI                string
	redirectURIs, grantTypes, responseTypes []string
	authMethod                              string
	authMethods                             []string
	// jwks is nil if the document has none.
	jwks               json.RawMessage
	jwksURI, algorithm string
	security           client.Security
	// idTokenAlgorithm and subjectType are of OpenID Connect.
	idTokenAlgorithm, subjectType string
	scope                         string
}

// parse returns the client that a document describes, with the keys in it and the scope that it asks for, or
// a *Failure of the kind Invalid.
func (d *Documents) parse(id string, body []byte) (found, error) {
	u, err := url.Parse(id)
	if err != nil {
		return found{}, &Failure{Kind: NotAccepted, Detail: "client_id is not a URL"}
	}
	parsed, err := d.read(id, u, body)
	if err != nil {
		return found{}, &Failure{Kind: Invalid, Host: u.Host, Detail: err.Error()}
	}
	return parsed, nil
}

// read is parse with an error for the author.
func (d *Documents) read(id string, u *url.URL, body []byte) (parsed found, err error) {
	m, err := readMetadata(body)
	if err == nil {
		err = d.check(&m, u, id)
	}
	if err != nil {
		return found{}, err
	}
	method, keys, err := d.authentication(m, u)
	if err != nil {
		return found{}, err
	}
	kind := client.Public
	if method.UsesKeys() {
		kind = client.Confidential
	}
	window := client.SelfRegisteredRetry
	parsed.client = client.Registration{
		Client: client.Client{
			ID: id, Name: displayName(u.Host, m.name), Type: kind, GrantTypes: m.grantTypes, RefreshRetry: &window,
			Reuse: oauth.ReuseFamily, KeyAuthentication: method, Identity: m.identity(u.Host),
			Hosts: client.HostsOf(m.redirectURIs), Document: m.canonical(method), IDTokenAlgorithm: m.idTokenAlgorithm, Security: m.security,
		},
		RedirectURIs: m.redirectURIs, ApplicationType: client.Native, Unverified: true, SelfRegistered: true,
	}
	parsed.keys = keys
	if err := setSubject(&parsed.client, m.subjectType, u); err != nil {
		return found{}, err
	}
	parsed.scope, err = scopeOf(m.scope)
	return parsed, err
}

// canonical returns the members that are read, so that a document which only looks different is the
// same. The keys are left out: they are replaced as a matter of routine, also where the document has
// their address. How the client authenticates is in it, and that it knows users under names of its own.
// The other members concern the client alone: the user sees the scope of each request.
func (m metadata) canonical(method client.KeyAuthentication) string {
	members := []any{
		m.id, m.name, m.uri, m.policyURI, m.termsURI, slices.Sorted(slices.Values(m.redirectURIs)), slices.Sorted(slices.Values(m.grantTypes)),
		method.Method, method.Algorithm, method.URI,
	}
	if m.subjectType == subjectPairwise {
		members = append(members, m.subjectType)
	}
	text, err := json.Marshal(members)
	if err != nil {
		return "" // it cannot fail for strings
	}
	return string(text)
}

// displayName returns the name that users see. Anyone can write any name into a document: the host
// comes first, and the name that the client gives itself is in quotes.
func displayName(host, name string) string { return host + " (“" + name + "”)" }

// identity returns the description of the client for users: those of its addresses that have the host
// of the document, which the user sees. Another host would lend the client its good name.
func (m metadata) identity(host string) oauth.AppIdentity {
	shown := oauth.AppIdentity{SelfRegistered: true}
	for _, a := range []struct {
		from string
		to   *string
	}{{m.uri, &shown.ClientURI}, {m.policyURI, &shown.PolicyURI}, {m.termsURI, &shown.TermsURI}} {
		if u, err := url.Parse(a.from); err == nil && u.Host == host && oauth.ValidWebAddress(a.from) {
			*a.to = a.from
		}
	}
	return shown
}

// readMetadata decodes the members.
func readMetadata(body []byte) (m metadata, err error) {
	members, err := oauth.ParseObject(body)
	if err != nil {
		return m, err
	}
	for name, to := range map[string]*string{
		"client_id": &m.id, "client_name": &m.name, "token_endpoint_auth_method": &m.authMethod,
		"client_uri": &m.uri, "policy_uri": &m.policyURI, "tos_uri": &m.termsURI,
		"jwks_uri": &m.jwksURI, "token_endpoint_auth_signing_alg": &m.algorithm,
		"id_token_signed_response_alg": &m.idTokenAlgorithm, "subject_type": &m.subjectType, "scope": &m.scope,
	} {
		if raw, ok := members[name]; ok && json.Unmarshal(raw, to) != nil {
			return m, fmt.Errorf("%s must be a string", name)
		}
	}
	for name, to := range map[string]*bool{
		"dpop_bound_access_tokens": &m.security.DPoPRequired, "require_pushed_authorization_requests": &m.security.PushRequired,
	} {
		if raw, ok := members[name]; ok && json.Unmarshal(raw, to) != nil {
			return m, fmt.Errorf("%s must be true or false", name)
		}
	}
	for name, to := range map[string]*[]string{
		"redirect_uris": &m.redirectURIs, "grant_types": &m.grantTypes, "response_types": &m.responseTypes,
		"token_endpoint_auth_methods_supported": &m.authMethods,
	} {
		if raw, ok := members[name]; ok && json.Unmarshal(raw, to) != nil {
			return m, fmt.Errorf("%s must be an array of strings", name)
		}
	}
	m.jwks = members["jwks"]
	for _, name := range []string{"client_secret", "client_secret_expires_at"} {
		if _, ok := members[name]; ok {
			return m, fmt.Errorf("%s must not be in a document that everybody can read", name)
		}
	}
	return m, nil
}

// check validates a document and sets the defaults. The error names the member and never repeats a
// value.
func (d *Documents) check(m *metadata, u *url.URL, id string) error {
	if m.id != id {
		return errors.New("client_id must be the address of the document, character by character")
	}
	m.name = strings.TrimSpace(m.name)
	switch {
	case m.name == "" || !oauth.PrintableText(m.name, maxNameLength):
		return errors.New("client_name must have 1 to 100 printable characters")
	case d.imitates(m.name) || !d.config.Policy.listed(u.Host) && d.imitates(u.Hostname()):
		return errors.New("client_name or the host looks like a name that is reserved here")
	}
	if err := checkGrantTypes(m); err != nil {
		return err
	}
	if !d.config.Rules.OpenID {
		m.idTokenAlgorithm, m.subjectType = "", ""
	}
	if err := registry.CheckIDTokenAlgorithm(m.idTokenAlgorithm); err != nil {
		return err
	}
	return d.checkRedirectURIs(m.redirectURIs, u)
}

func (d *Documents) imitates(name string) bool {
	return d.config.Rules.Imitated != nil && d.config.Rules.Imitated(name) != ""
}

// checkGrantTypes leaves the grant types that exist here. A document without grant types gets those
// of other clients: RFC 7591 §2 would leave out refresh tokens.
func checkGrantTypes(m *metadata) error {
	if m.grantTypes == nil {
		m.grantTypes = oauth.DefaultGrantTypes()
	}
	m.grantTypes = slices.DeleteFunc(m.grantTypes, func(name string) bool { return !slices.Contains(oauth.DefaultGrantTypes(), name) })
	switch {
	case !slices.Contains(m.grantTypes, oauth.AuthorizationCodeGrant):
		return errors.New("grant_types must include authorization_code")
	case m.responseTypes != nil && !slices.Contains(m.responseTypes, "code"):
		return errors.New("response_types must include code")
	}
	return nil
}

// checkRedirectURIs validates the redirect URIs as those of other clients. On a host that only an
// open policy accepts, a redirect URI must have the same host: otherwise anyone could describe a
// client that sends users anywhere.
func (d *Documents) checkRedirectURIs(list []string, u *url.URL) error {
	if len(list) == 0 || len(list) > maxURIs {
		return fmt.Errorf("redirect_uris must have 1 to %d", maxURIs)
	}
	for i, uri := range list {
		if err := oauth.CheckRedirectURI(uri, d.config.Rules.PrivateUseSchemes); err != nil {
			return fmt.Errorf("redirect_uris has number %d: %w", i+1, err)
		}
		if slices.Contains(list[:i], uri) {
			return fmt.Errorf("redirect_uris has number %d twice", i+1)
		}
		target, err := url.Parse(uri)
		if err == nil && target.Scheme == "https" && target.Host != u.Host && !d.config.Policy.listed(u.Host) {
			return fmt.Errorf("redirect_uris has number %d, which has another host than the document", i+1)
		}
	}
	return nil
}
