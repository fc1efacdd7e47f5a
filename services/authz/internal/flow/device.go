package flow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/device"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

// DeviceRequest is the device authorization request of an authenticated client (RFC 8628 §3.1).
type DeviceRequest struct {
	ClientID string
	// Scope is the parameter as it was sent, and Resources are the values of the parameter resource.
	Scope     string
	Resources []string
	// Source is the device's network address; empty if it is not known.
	Source string
}

// DeviceAuthorization is the response to a device (RFC 8628 §3.2).
type DeviceAuthorization struct {
	DeviceCode secret.String
	// UserCode is as the device shows it: XXXX-XXXX.
	UserCode           secret.String
	Lifetime, Interval time.Duration
}

// deviceOrder returns the checks of a device's request. They are those of the authorization endpoint
// that concern no browser.
func deviceOrder() []check { return []check{checkDeviceGrant, checkScope, checkResource} }

// checkDeviceGrant refuses a client that could not exchange the device code.
func checkDeviceGrant(_ context.Context, _ Flow, a *request) error {
	if !a.client.May(oauth.DeviceCodeGrant) {
		return redirectWith(cause.GrantNotAllowed, "unauthorized_client", "the app may not connect devices: its registration lacks the grant type "+oauth.DeviceCodeGrant)
	}
	return nil
}

// StartDevice validates and stores the request of a device. It returns a *RequestError, a
// *ratelimit.LimitedError of the source, or another error if the request could not be validated.
func (f Flow) StartDevice(ctx context.Context, r DeviceRequest) (DeviceAuthorization, error) {
	a := &request{params: oauth.NewParams(map[string][]string{"scope": {r.Scope}, "resource": r.Resources})}
	var err error
	if a.client, err = f.Clients.Find(ctx, r.ClientID); err != nil {
		return DeviceAuthorization{}, fmt.Errorf("finding the client: %w", err)
	}
	a.ClientID, a.ClientName, a.Unverified = a.client.ID, a.client.Name, a.client.Unverified
	a.DescriptionDigest = a.client.Description().Digest()
	for _, check := range deviceOrder() {
		var refused *refusal
		if err := check(ctx, f, a); errors.As(err, &refused) {
			parameter, value := f.expected(a, refused.cause)
			return DeviceAuthorization{}, cause.Expecting(&RequestError{Cause: refused.cause, Code: refused.code, Text: refused.text}, parameter, value)
		} else if err != nil {
			return DeviceAuthorization{}, err
		}
	}
	if err := f.Starts.Allow(ctx, Starter{Source: r.Source}); err != nil {
		return DeviceAuthorization{}, err
	}
	code := secret.NewCode()
	stored := a.Request
	stored.Device = &pending.Device{
		Code: secret.Sum(code.Reveal()), Source: r.Source, RequestedAt: time.UnixMicro(f.Now().UnixMicro()),
	}
	id, err := f.Pending.OpenDevice(ctx, stored, f.Devices.Lifetime)
	if err != nil {
		return DeviceAuthorization{}, err
	}
	userCode, err := f.Devices.Keep(ctx, code, id, a.ClientID)
	if err != nil {
		return DeviceAuthorization{}, err
	}
	return DeviceAuthorization{
		DeviceCode: code, UserCode: secret.New(oauth.FormatUserCode(userCode)),
		Lifetime: f.Devices.Lifetime, Interval: f.Devices.Interval,
	}, nil
}

// ClaimDevice finds the request of the user code that a signed-in user typed, binds it to the
// browser and returns its next step. It returns ErrSignedOut, device.ErrUserCode for a code that no
// device waits with, or a *ratelimit.LimitedError.
func (f Flow) ClaimDevice(ctx context.Context, typed string, browser Browser) (Step, error) {
	user, err := f.user(ctx, browser.Session)
	switch {
	case err != nil:
		return Step{}, err
	case user == nil:
		return Step{}, ErrSignedOut
	}
	spent, err := f.UserCodes.Spend(ctx, user.UserID, browser.Source)
	if err != nil {
		return Step{}, err
	}
	claimed, err := f.claim(ctx, typed, browser)
	if !errors.Is(err, device.ErrUserCode) {
		f.UserCodes.Refund(ctx, spent) // neither a right code nor a failure of ours is a guess
	}
	if err != nil {
		return Step{}, err
	}
	return next(claimed, browser, user), nil
}

// claim treats a code whose request is expired, or was decided in another browser, as one that no
// device waits with: a user code says nothing about a request that is over.
func (f Flow) claim(ctx context.Context, typed string, browser Browser) (pending.Authorization, error) {
	id, err := f.Devices.FindUserCode(ctx, typed)
	if err != nil {
		return pending.Authorization{}, err
	}
	claimed, err := f.Pending.Claim(ctx, id, browser.Token)
	if errors.Is(err, pending.ErrNotFound) {
		return pending.Authorization{}, device.ErrUserCode
	}
	return claimed, err
}

// PollDevice returns the approval of a device (RFC 8628 §3.5). It returns device.ErrRefused with a
// cause while there is none: the user has not decided, or denied, or the device code is invalid. A
// poll that comes too soon is refused as such only while the user has not decided.
func (f Flow) PollDevice(ctx context.Context, code secret.String, clientID string) (oauth.ApprovedRequest, error) {
	id, err := f.Devices.Find(ctx, code, clientID)
	if err != nil {
		return oauth.ApprovedRequest{}, err
	}
	p, err := f.Pending.ForDevice(ctx, id)
	switch {
	case errors.Is(err, pending.ErrNotFound): // both entries have the same deadline
		return oauth.ApprovedRequest{}, cause.With(device.ErrRefused, cause.DeviceCodeExpired)
	case err != nil:
		return oauth.ApprovedRequest{}, err
	case p.Outcome == nil:
		return oauth.ApprovedRequest{}, f.wait(ctx, code)
	case !p.Outcome.Approved:
		return oauth.ApprovedRequest{}, cause.With(device.ErrRefused, cause.DeviceDenied)
	}
	return approvedRequest(p), nil
}

// wait returns the refusal of a poll while the user has not decided.
func (f Flow) wait(ctx context.Context, code secret.String) error {
	tooSoon, err := f.Devices.CountPoll(ctx, code)
	switch {
	case err != nil:
		return err
	case tooSoon:
		return cause.With(device.ErrRefused, cause.DeviceSlowDown)
	}
	return cause.With(device.ErrRefused, cause.DevicePending)
}

// permitsDevice reports whether a registration still permits the request of a device.
func permitsDevice(registration client.Registration, p pending.Authorization) bool {
	return !registration.Disabled && registration.May(oauth.DeviceCodeGrant) && registration.Scope.Covers(p.Scope)
}

// UserCodeLimit limits how many wrong user codes are entered (RFC 8628 §5.1). The zero value sets no
// limit.
type UserCodeLimit struct {
	Limiter *ratelimit.Limiter
	// User is the budget of each user: neither a new sign-in nor a new device makes it whole. Source
	// is the budget of each source address.
	User, Source ratelimit.Budget
}

// Spend takes one of both budgets and returns the keys to refund them with. It returns a
// *ratelimit.LimitedError, or the store's error: without a count no code is looked up.
func (l UserCodeLimit) Spend(ctx context.Context, userID, source string) ([]string, error) {
	if l.Limiter == nil {
		return nil, nil
	}
	user, err := l.Limiter.Spend(ctx, l.User, ratelimit.Name{Kind: "user", Value: userID, Public: true})
	if err != nil {
		return nil, err
	}
	address, err := l.Limiter.Spend(ctx, l.Source, ratelimit.Source(source))
	if err != nil {
		l.Limiter.Refund(ctx, user)
		return nil, err
	}
	return []string{user, address}, nil
}

// Refund gives back what Spend took.
func (l UserCodeLimit) Refund(ctx context.Context, keys []string) {
	if l.Limiter != nil {
		l.Limiter.Refund(ctx, keys...)
	}
}
