package client

import (
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/vidocu/usher/internal/platform/lease"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Failures of the registry.
var (
	// ErrPublic is returned for a change of the secrets of a public client.
	ErrPublic = errors.New("the client is a public client, which has no secret")
	// ErrUnknown is returned if no client has the identifier.
	ErrUnknown = errors.New("unknown client")
	// ErrSuspended is returned where a client that a review suspended is enabled.
	ErrSuspended = errors.New("client is suspended")
	// ErrExists is returned if the identifier is taken.
	ErrExists = errors.New("client exists")
)

// MaxSecrets is how many secrets of a client are valid at once: the current one and, during a
// rotation, its predecessor.
const MaxSecrets = 2

// SelfRegisteredRetry is RefreshRetry of a client that registered or describes itself: programs on
// several hosts share a client, and may refresh at once.
const SelfRegisteredRetry = 10 * time.Second

// Type is the client type of RFC 6749 §2.1.
type Type string

// The two client types. The zero value is neither, and no client with it can authenticate.
const (
	Confidential Type = "confidential"
	Public       Type = "public"
)

// Client is the public part of a client's registration.
type Client struct {
	ID string
	// Name is untrusted text that the client's owner chose.
	Name       string
	Type       Type
	GrantTypes []string
	// ResourceServer may introspect every access token (docs/wire-contract.md §4.3).
	ResourceServer bool
	// RefreshRetry is how long after a rotation a repeated refresh returns the same successor; nil
	// where the setting of the token service applies.
	RefreshRetry *time.Duration
	// Reuse is what a refresh token revokes when it is used after its rotation; empty at
	// registration is oauth.ReuseSubject.
	Reuse oauth.Reuse
	// Service is what the client may do for itself. Its scope is Registration.Scope; it is read and
	// never written.
	Service oauth.Service
	// Identity describes the client to users. Verified and SelfRegistered in it are set only by
	// Registration.AppIdentity and in lists.
	Identity oauth.AppIdentity
	// Hosts are those of the redirect URIs of a client that registered or describes itself; nil for any
	// other. Document is the content of its document in a canonical form; empty without one. They are
	// read and never written.
	Hosts    []string
	Document string
	KeyAuthentication
	// IDTokenAlgorithm is the registered algorithm of its ID tokens; empty is the default one. They are
	// signed with EffectiveIDTokenAlgorithm.
	IDTokenAlgorithm string
	// Sector is the sector identifier of a client with pairwise subjects (OpenID Connect Core §8.1): the
	// host of its redirect URIs at registration. Empty for a client that gets public subjects.
	Sector string
	BackChannelLogout
	Security
	// Status is who may connect the client; empty for Live.
	Status Status
	// Owner is the workspace that owns the client; zero for a client of the operator. Lists have its
	// workspace only.
	Owner Owner
	// Disabled clients can neither start an authorization nor authenticate.
	Disabled bool
	// Stamp says how long an authentication of the client with the same credentials has the same
	// result; zero where that is not known.
	Stamp lease.Stamp
}

// May reports whether the client may use the grant type.
func (c Client) May(grantType string) bool { return slices.Contains(c.GrantTypes, grantType) }

// EffectiveIDTokenAlgorithm returns the algorithm of the client's ID tokens and logout tokens; empty is
// the default one. With the profile fapi2 it is one that the profile permits, also where an earlier build
// stored RS256 or nothing was registered.
func (c Client) EffectiveIDTokenAlgorithm() string {
	if c.Profile == FAPI2 {
		return oauth.FAPI2IDTokenAlgorithm(c.IDTokenAlgorithm)
	}
	return c.IDTokenAlgorithm
}

// Description returns what a user's approval of the client rests on.
func (c Client) Description() oauth.Description {
	return oauth.Description{
		Name: c.Name, Publisher: c.Identity.Publisher, HomePage: c.Identity.ClientURI, Hosts: c.Hosts, Document: c.Document,
	}
}

// HostsOf returns the hosts of redirect URIs, or the schemes of those without a host.
func HostsOf(redirectURIs []string) []string {
	var hosts []string
	for _, uri := range redirectURIs {
		u, err := url.Parse(uri)
		switch {
		case err != nil:
		case u.Host == "":
			hosts = append(hosts, u.Scheme+":")
		default:
			hosts = append(hosts, u.Hostname())
		}
	}
	return hosts
}

// AddsHost reports whether redirect URIs have a host that none of those before has, or a scheme that is not
// the web's. Loopback addresses do not count: they are no host of the client's.
func AddsHost(before, after []string) bool {
	known := map[string]bool{"": true}
	for _, uri := range before {
		known[receiver(uri)] = true
	}
	return slices.ContainsFunc(after, func(uri string) bool { return !known[receiver(uri)] })
}

// receiver returns what receives the response at a redirect URI: a host, or the scheme of a native client, which
// receives it whatever follows; empty for the user's computer.
func receiver(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case err != nil:
		return uri
	case u.Scheme != "https" && u.Scheme != "http":
		return u.Scheme + ":"
	case oauth.OnThisComputer(u.Hostname()):
		return ""
	}
	return u.Hostname()
}

// Registration is a client with the values that an authorization request is validated against.
type Registration struct {
	Client
	// RedirectURIs are compared by oauth.MatchRedirectURI.
	RedirectURIs []string
	// PostLogoutRedirectURIs are where the browser may be sent after a logout that the client starts.
	PostLogoutRedirectURIs []string
	// Scope is the widest scope that the client may request.
	Scope oauth.Scope
	// DefaultScope is what a request without a scope asks for (RFC 6749 §3.3): a part of Scope. Empty
	// if such a request is refused.
	DefaultScope oauth.Scope
	// OptionalScope is what a user may leave out of an approval: a part of Scope.
	OptionalScope oauth.Scope
	// ApplicationType is empty if none was registered.
	ApplicationType ApplicationType
	// Unverified says that the operator has not checked the client: an error or a denial does not
	// redirect the browser to it by itself (RFC 9700 §4.11.2).
	Unverified bool
	// SelfRegistered says that the client registered itself (RFC 7591), so that everything about it is
	// its own assertion.
	SelfRegistered bool
	// ScopeLimited says that Scope is limited to what the operator allows such clients at present.
	ScopeLimited bool
}

// Owner is who owns a client, and what the operator's review of it says.
type Owner struct {
	WorkspaceID string
	// CreatedBy is the user who registered the client.
	CreatedBy string
	// ReviewNote is what the reviewer wrote; empty for nothing.
	ReviewNote string
	// SubmittedAt is since when the client waits for a review; zero where it does not.
	SubmittedAt time.Time
}

// Status is who may connect a client.
type Status string

// The statuses. A client that no workspace owns is always live.
const (
	// Live is for every user.
	Live Status = ""
	// Draft and Submitted are for the client's team and its testers.
	Draft     Status = "draft"
	Submitted Status = "submitted"
	// Suspended is for no user: such a client is disabled.
	Suspended Status = "suspended"
)

// AppIdentity returns the description of the client for users. A client that registered itself is never
// verified.
func (r Registration) AppIdentity() oauth.AppIdentity {
	shown := r.Identity
	shown.SelfRegistered, shown.Verified = r.SelfRegistered, !r.Unverified && !r.SelfRegistered
	return shown
}

// ApplicationType is the `application_type` of OpenID Connect Dynamic Client Registration 1.0 §2.
type ApplicationType string

// The application types.
const (
	// Native runs on the user's device.
	Native ApplicationType = "native"
	// Web runs on a server.
	Web ApplicationType = "web"
)

// RunsOnDevice reports whether the client is native: registered as such or, if nothing was
// registered, public.
func (r Registration) RunsOnDevice() bool {
	return r.ApplicationType == Native || r.ApplicationType == "" && r.Type == Public
}

// Rotation replaces a client's secret.
type Rotation struct {
	ClientID string
	// Secret is the new secret.
	Secret secret.Record
	// Overlap is how long the current secret stays valid; older secrets expire at once.
	Overlap time.Duration
	// ReplaceKeys says that a client with keys authenticates with the secret instead.
	ReplaceKeys bool
}
