package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// The values of type and application_type.
const (
	typeConfidential = "confidential"
	typePublic       = "public"
	typeNative       = "native"
	typeWeb          = "web"
	subjectPublic    = "public"
	subjectPairwise  = "pairwise"
	noProfile        = "none"
	profileFAPI2     = "fapi2"
)

// Difference is a member of a client whose registration differs from the manifest.
type Difference struct {
	Member string
	// Registered and Wanted are the two values; "-" is none.
	Registered, Wanted string
}

// Create returns the request that registers the client.
func (c *Client) Create() *authzv1.CreateClientRequest {
	return &authzv1.CreateClientRequest{
		ClientId: c.ID, Name: c.Name, Type: enumname.Parse[authzv1.ClientType](c.Type), RedirectUris: c.RedirectURIs, Scopes: c.Scopes, DefaultScopes: c.DefaultScopes,
		GrantTypes: c.GrantTypes, WorkspaceId: c.Workspace, ApplicationType: enumname.Parse[authzv1.ApplicationType](c.ApplicationType), ResourceServer: c.ResourceServer,
		Unverified: c.Unverified, Reuse: enumname.Parse[authzv1.Reuse](c.Reuse), RefreshRetrySeconds: seconds(c.RefreshRetry),
		IdTokenSignedResponseAlg: c.IDTokenAlg, SubjectType: enumname.Parse[authzv1.SubjectType](c.SubjectType),
		PostLogoutRedirectUris: c.PostLogoutRedirectURIs,
		BackchannelLogoutUri:   c.LogoutURI, BackchannelLogoutSessionRequired: c.LogoutSessionRequired,
		RequirePushedAuthorizationRequests: c.RequirePAR, DpopBoundAccessTokens: c.DPoPBound, Profile: enumname.Parse[authzv1.Profile](c.Profile),
		AllowReservedName: c.AllowReservedName, OptionalScopes: c.OptionalScopes,
		Publisher: c.Publisher, Purpose: c.Purpose, ClientUri: c.ClientURI, PolicyUri: c.PolicyURI, TosUri: c.TosURI,
	}
}

// HasSecret reports whether registering the client generates a secret.
func (c *Client) HasSecret() bool { return c.Type == typeConfidential }

// member is one member of a client: its registered and its wanted value as text, and how an update
// sets it.
type member struct {
	name, registered, wanted string
	set                      func(r *authzv1.UpdateClientRequest)
	// never is why the member cannot be changed to the wanted value; empty if it can.
	never string
}

// Update returns the differences of a registration, and the request that removes them; no request
// where there are none. It returns an error for a difference that an update cannot remove.
func (c *Client) Update(have *authzv1.Registration) (*authzv1.UpdateClientRequest, []Difference, error) {
	req := &authzv1.UpdateClientRequest{ClientId: c.ID}
	var differences []Difference
	for _, m := range c.members(have) {
		if m.registered == m.wanted {
			continue
		}
		if m.never != "" {
			return nil, nil, fmt.Errorf("%s: %s is %s and cannot become %s: %s", c.ID, m.name, orNone(m.registered), orNone(m.wanted), m.never)
		}
		m.set(req)
		differences = append(differences, Difference{m.name, orNone(m.registered), orNone(m.wanted)})
	}
	if len(differences) == 0 {
		return nil, nil, nil
	}
	return req, differences, nil
}

func (c *Client) members(have *authzv1.Registration) []member {
	registered := have.GetClient()
	return append(slices.Concat(c.lists(have), c.openID(have), c.requirements(have), c.identity(have)), []member{
		{name: "name", registered: registered.GetName(), wanted: c.Name, set: func(r *authzv1.UpdateClientRequest) {
			r.Name, r.AllowReservedName = &c.Name, c.AllowReservedName
		}},
		{
			name: "type", registered: enumname.Of(registered.GetType()), wanted: c.Type,
			never: "register another client",
		},
		{
			name: "workspace", registered: registered.GetWorkspaceId(), wanted: c.Workspace,
			set:   func(r *authzv1.UpdateClientRequest) { r.WorkspaceId = c.Workspace },
			never: unless(registered.GetWorkspaceId() == "", "usher clients remove-from-workspace "+c.ID+" comes first, which revokes its tokens"),
		},
		{
			name: "application_type", registered: enumname.Of(have.GetApplicationType()), wanted: c.ApplicationType,
			set: func(r *authzv1.UpdateClientRequest) {
				r.ApplicationType = enumname.Parse[authzv1.ApplicationType](c.ApplicationType)
			},
			never: unless(c.ApplicationType != "", "state native or web"),
		},
		{
			name: "resource_server", registered: strconv.FormatBool(registered.GetResourceServer()), wanted: strconv.FormatBool(c.ResourceServer),
			set: func(r *authzv1.UpdateClientRequest) { r.ResourceServer = &c.ResourceServer },
		},
		{
			name: "unverified", registered: strconv.FormatBool(have.GetUnverified()), wanted: strconv.FormatBool(c.Unverified),
			set: func(r *authzv1.UpdateClientRequest) { r.Unverified = &c.Unverified },
		},
		{
			name: "reuse", registered: cmp.Or(enumname.Of(registered.GetReuse()), string(oauth.ReuseSubject)), wanted: c.Reuse,
			set: func(r *authzv1.UpdateClientRequest) { r.Reuse = enumname.Parse[authzv1.Reuse](c.Reuse) },
		},
		{
			name: "refresh_retry", registered: retryText(registered.RefreshRetrySeconds), wanted: retryText(seconds(c.RefreshRetry)), //nolint:protogetter // absent is not 0
			set: func(r *authzv1.UpdateClientRequest) {
				r.RefreshRetrySeconds, r.DefaultRefreshRetry = seconds(c.RefreshRetry), c.RefreshRetry == nil
			},
		},
	}...)
}

// requirements are the members about what the client must do beyond RFC 6749.
func (c *Client) requirements(have *authzv1.Registration) []member {
	registered := have.GetClient()
	return []member{
		{
			name:       "require_pushed_authorization_requests",
			registered: strconv.FormatBool(have.GetRequirePushedAuthorizationRequests()), wanted: strconv.FormatBool(c.RequirePAR),
			set: func(r *authzv1.UpdateClientRequest) { r.RequirePushedAuthorizationRequests = &c.RequirePAR },
		},
		{
			name: "dpop_bound_access_tokens", registered: strconv.FormatBool(registered.GetDpopBoundAccessTokens()), wanted: strconv.FormatBool(c.DPoPBound),
			set: func(r *authzv1.UpdateClientRequest) { r.DpopBoundAccessTokens = &c.DPoPBound },
		},
		{
			name: "profile", registered: cmp.Or(enumname.Of(registered.GetProfile()), noProfile), wanted: c.Profile,
			set: func(r *authzv1.UpdateClientRequest) { r.Profile = enumname.Parse[authzv1.Profile](c.Profile) },
		},
	}
}

func (c *Client) lists(have *authzv1.Registration) []member {
	const kept = "an update cannot empty a list; disable the client instead"
	return []member{
		{
			name: "redirect_uris", registered: strings.Join(have.GetRedirectUris(), " "), wanted: strings.Join(c.RedirectURIs, " "),
			set: func(r *authzv1.UpdateClientRequest) { r.RedirectUris = c.RedirectURIs }, never: unless(len(c.RedirectURIs) > 0, kept),
		},
		{
			name: "scopes", registered: sorted(have.GetScopes()), wanted: sorted(c.Scopes),
			set: func(r *authzv1.UpdateClientRequest) { r.Scopes = c.Scopes }, never: unless(len(c.Scopes) > 0, kept),
		},
		{
			name: "default_scopes", registered: sorted(have.GetDefaultScopes()), wanted: sorted(c.DefaultScopes),
			set: func(r *authzv1.UpdateClientRequest) {
				r.DefaultScopes, r.ClearDefaultScopes = c.DefaultScopes, len(c.DefaultScopes) == 0
			},
		},
		{
			name: "optional_scopes", registered: sorted(have.GetOptionalScopes()), wanted: sorted(c.OptionalScopes),
			set: func(r *authzv1.UpdateClientRequest) {
				r.OptionalScopes, r.ClearOptionalScopes = c.OptionalScopes, len(c.OptionalScopes) == 0
			},
		},
		{
			name: "grant_types", registered: sorted(have.GetClient().GetGrantTypes()), wanted: sorted(c.GrantTypes),
			set: func(r *authzv1.UpdateClientRequest) { r.GrantTypes = c.GrantTypes }, never: unless(len(c.GrantTypes) > 0, kept),
		},
	}
}

// identity are the members that describe the client to users.
func (c *Client) identity(have *authzv1.Registration) []member {
	shown := have.GetIdentity()
	return []member{
		{name: "publisher", registered: shown.GetPublisher(), wanted: c.Publisher, set: func(r *authzv1.UpdateClientRequest) {
			r.Publisher, r.AllowReservedName = &c.Publisher, c.AllowReservedName
		}},
		{name: "purpose", registered: shown.GetPurpose(), wanted: c.Purpose, set: func(r *authzv1.UpdateClientRequest) { r.Purpose = &c.Purpose }},
		{name: "client_uri", registered: shown.GetClientUri(), wanted: c.ClientURI, set: func(r *authzv1.UpdateClientRequest) { r.ClientUri = &c.ClientURI }},
		{name: "policy_uri", registered: shown.GetPolicyUri(), wanted: c.PolicyURI, set: func(r *authzv1.UpdateClientRequest) { r.PolicyUri = &c.PolicyURI }},
		{name: "tos_uri", registered: shown.GetTosUri(), wanted: c.TosURI, set: func(r *authzv1.UpdateClientRequest) { r.TosUri = &c.TosURI }},
	}
}

// unless returns the reason, and nothing where ok.
func unless(ok bool, reason string) string {
	if ok {
		return ""
	}
	return reason
}

// sorted joins the names of a set.
func sorted(names []string) string { return strings.Join(slices.Sorted(slices.Values(names)), " ") }

func seconds(d *time.Duration) *int32 {
	if d == nil {
		return nil
	}
	n := int32(*d / time.Second)
	return &n
}

func retryText(seconds *int32) string {
	if seconds == nil {
		return "default"
	}
	return (time.Duration(*seconds) * time.Second).String()
}

func orNone(text string) string { return cmp.Or(text, "-") }
