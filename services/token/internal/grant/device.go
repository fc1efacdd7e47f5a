package grant

import (
	"cmp"
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
)

// The responses to a device that has no tokens yet (RFC 8628 §3.5).
var (
	// ErrAuthorizationPending is authorization_pending: the user has not decided.
	ErrAuthorizationPending = errors.New("the user has not decided yet")
	// ErrSlowDown is slow_down: the device polled too soon.
	ErrSlowDown = errors.New("the device polls too often: its interval is five seconds longer now")
	// ErrAccessDenied is access_denied: the user denied.
	ErrAccessDenied = errors.New("the user denied the device")
	// ErrDeviceCodeExpired is expired_token.
	ErrDeviceCodeExpired = errors.New("the device code has expired")
	// ErrInvalidDeviceCode is a device code that is unknown, used or another client's, or whose
	// approval was revoked: one response for all.
	ErrInvalidDeviceCode = errors.New("invalid device code")
)

// DeviceCode is the grant type of RFC 8628 §3.4. The client's authentication resolves the device
// code, so that a poll is one call. The code is redeemed as an authorization code is: its hash is the
// token family's primary key, and the epoch must be that of the approval. A second redemption is
// refused and revokes nothing, since a device that polls twice at once did nothing wrong.
type DeviceCode struct {
	Store     CodeStore
	Lifetimes Lifetimes
	Resources Resources
	// Subjects derives pairwise subjects; nil where OpenID Connect is off.
	Subjects Subjects
	// GrantLimit is Redemption.GrantLimit.
	GrantLimit int
}

// Type is `urn:ietf:params:oauth:grant-type:device_code`.
func (DeviceCode) Type() string { return oauth.DeviceCodeGrant }

// Check requires `device_code`.
func (DeviceCode) Check(req Request) error {
	if req.DeviceCode.IsZero() {
		return missing("device_code")
	}
	return nil
}

// Known returns true: authz looks for the device code before it records a proof.
func (DeviceCode) Known(context.Context, Request) (bool, error) { return true, nil }

// Issue redeems the device code once the user has approved.
func (g DeviceCode) Issue(ctx context.Context, client Client, req Request) (TokenPair, error) {
	switch {
	case len(req.DeviceCode.Reveal()) > MaxCode:
		return TokenPair{}, refuseDevice(cause.DeviceCodeMalformed)
	case client.Code == nil: // authz of release 0.1, during an upgrade: the device polls again
		return TokenPair{}, refuseDevice(cause.DevicePending)
	case errors.Is(client.Code.Err, ErrCodeUnknown):
		return TokenPair{}, refuseDevice(cmp.Or(cause.Of(client.Code.Err), cause.DeviceCodeUnknown))
	case client.Code.Err != nil:
		return TokenPair{}, client.Code.Err
	case client.Code.Approved.ClientID != client.ID:
		return TokenPair{}, refuseDevice(cause.DeviceCodeOtherClient)
	}
	pair, err := redeem(ctx, g.Store, redemption{
		client: client, proof: req.Proof, secret: req.DeviceCode, approved: client.Code.Approved, asked: req.Resource,
		identity: identityOf(g.Subjects, client, client.Code.Approved), resources: g.Resources, lifetimes: g.Lifetimes, grantLimit: g.GrantLimit,
	})
	switch {
	case errors.Is(err, ErrCodeUsed):
		return TokenPair{}, refuseDevice(cause.DeviceCodeUsed)
	case errors.Is(err, ErrConsentRevoked):
		return TokenPair{}, refuseDevice(cause.DeviceConsentRevoked)
	}
	return pair, err
}

// refuseDevice returns the response that a cause implies.
func refuseDevice(why cause.Cause) error {
	err := ErrInvalidDeviceCode
	switch why { //nolint:exhaustive // all others are an invalid device code
	case cause.DevicePending:
		err = ErrAuthorizationPending
	case cause.DeviceSlowDown:
		err = ErrSlowDown
	case cause.DeviceDenied:
		err = ErrAccessDenied
	case cause.DeviceCodeExpired:
		err = ErrDeviceCodeExpired
	}
	return cause.With(err, why)
}

// redemption is the exchange of an authorization code or of a device code.
type redemption struct {
	client Client
	proof  Proof
	// secret is the code.
	secret   secret.String
	approved oauth.ApprovedRequest
	identity Identity
	// asked are the values of the parameter resource of the token request.
	asked      []string
	resources  Resources
	lifetimes  Lifetimes
	grantLimit int
}

// redeem issues the first token pair of a token family. A client that may not refresh gets no refresh token:
// that of its family is in no response. It returns a ParameterError and the errors of
// CodeStore.Redeem.
func redeem(ctx context.Context, store CodeStore, r redemption) (TokenPair, error) {
	granted := Granted{Scope: r.approved.Scope.String(), Resources: r.approved.Resources}
	narrowed, err := r.resources.narrow(granted, nil, r.asked)
	if err != nil {
		return TokenPair{}, err
	}
	refresh := secret.Generate(secret.RefreshToken)
	pair := TokenPair{
		Access:    secret.Generate(secret.AccessToken),
		ExpiresIn: r.lifetimes.Access,
		Scope:     cmp.Or(narrowed.Scope, granted.Scope),
		Resources: narrowed.Resources,
		Identity:  &r.identity,
		Key:       r.proof.Key,
	}
	if r.client.may(oauth.RefreshTokenGrant) {
		pair.Refresh = refresh
	}
	return pair, store.Redeem(ctx, Redemption{
		Identity: r.identity,
		CodeHash: secret.Sum(r.secret.Reveal()), Code: r.approved, Scope: narrowed.Scope, Resources: narrowed.Resources, Lifetimes: r.lifetimes, GrantLimit: r.grantLimit,
		Key: r.proof.Key, RefreshKey: refreshKey(r.client, r.proof),
		Access: secret.Sum(pair.Access.Reveal()), Refresh: secret.Sum(refresh.Reveal()),
	})
}
