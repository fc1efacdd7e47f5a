package authz_test

import (
	"fmt"
	"testing"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz"
)

const tv = "vdo_client_device123"

// devices are the calls about devices, and one device.
type devices struct {
	*bench

	starts authzv1.DeviceServiceClient // as token
	claims authzv1.DeviceServiceClient // as gateway
	codes  *authzv1.StartDeviceAuthorizationResponse
}

func newDevices(t *testing.T) *devices {
	t.Helper()
	b := newBench(t)
	d := &devices{
		bench: b, starts: authzv1.NewDeviceServiceClient(dial(t, b.network, "token", "authz")),
		claims: authzv1.NewDeviceServiceClient(dial(t, b.network, "gateway", "authz")),
	}
	d.start(t)
	return d
}

// start starts another device.
func (d *devices) start(t *testing.T) {
	t.Helper()
	var err error
	d.codes, err = d.starts.StartDeviceAuthorization(t.Context(), &authzv1.StartDeviceAuthorizationRequest{
		Client: authenticate(tv, ""), Scope: "videos:read",
	})
	if err != nil {
		t.Fatal(err)
	}
}

// claim enters a user code and returns the request of the consent page.
func (d *devices) claim(t *testing.T, userCode, source string) (string, error) {
	t.Helper()
	return d.claimAs(t, "john", userCode, source)
}

func (d *devices) claimAs(t *testing.T, user, userCode, source string) (string, error) {
	t.Helper()
	res, err := d.claims.ClaimDeviceAuthorization(t.Context(), &authzv1.ClaimDeviceAuthorizationRequest{
		UserCode: userCode, SessionToken: user, BrowserToken: d.token, SourceAddress: source,
	})
	return res.GetStep().GetConsent().GetRequestId(), err
}

// poll returns the cause of the refusal, or the approval.
func (d *devices) poll(t *testing.T) (errorv1.Cause, *authzv1.ResolveCodeResponse) {
	t.Helper()
	req := authenticate(tv, "")
	req.DeviceCode = d.codes.GetDeviceCode()
	res, err := d.clients.AuthenticateClient(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return res.GetCodeRefusal(), res.GetResolvedCode()
}

func (d *devices) wantPoll(t *testing.T, what string, want errorv1.Cause) {
	t.Helper()
	if got, _ := d.poll(t); got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

func (d *devices) approve(t *testing.T, id string) error {
	t.Helper()
	epoch := int64(7)
	approval := d.approval(id)
	approval.Epoch = &epoch
	_, err := d.decisions.CompleteAuthorization(t.Context(), approval)
	return err
}

func TestN9_6_AnApprovalGoesToTheDeviceWithItsEpoch(t *testing.T) {
	d := newDevices(t)
	d.wantPoll(t, "before the decision", errorv1.Cause_CAUSE_DEVICE_PENDING)
	id, err := d.claim(t, d.codes.GetUserCode(), "")
	if err != nil {
		t.Fatal(err)
	}
	shown, err := d.decisions.GetAuthorization(t.Context(), &authzv1.GetAuthorizationRequest{RequestId: id, BrowserToken: d.token})
	if a := shown.GetAuthorization(); err != nil || a.GetRedirectOrigin() != "" || !a.GetDevice().GetRequestTime().AsTime().Equal(d.clock.Now().Truncate(time.Microsecond)) {
		t.Fatalf("the consent page gets %v, %v", shown, err)
	}
	if err := d.approve(t, id); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the token service ensures that a device code is exchanged once
		cause, got := d.poll(t)
		if cause != 0 || got.GetUserId() != "usr_john" || got.GetWorkspaceId() != "ws_acme" || got.GetEpoch() != 7 || got.GetClientId() != tv ||
			got.GetRedirectUri() != "" || got.GetDisplayName() != "John Doe" {
			t.Errorf("the device gets %s, %v", cause, got)
		}
	}
	decided, err := d.decisions.GetAuthorization(t.Context(), &authzv1.GetAuthorizationRequest{RequestId: id, BrowserToken: d.token, IncludeDecided: true})
	hash := secret.Sum(d.codes.GetDeviceCode())
	if got := decided.GetAuthorization().GetOutcome().GetCodeHash(); err != nil || string(got) != string(hash.Bytes()) {
		t.Errorf("the outcome's code is %x, %v", got, err)
	}
	d.clock.Advance(authz.DefaultConfig().DeviceCodeLifetime)
	d.wantPoll(t, "after expires_in", errorv1.Cause_CAUSE_DEVICE_CODE_EXPIRED)
}

func TestN9_5_APollThatCameTooSoonSlowsAllLaterOnes(t *testing.T) {
	d := newDevices(t)
	for i, row := range []struct {
		after time.Duration
		want  errorv1.Cause
	}{
		{0, errorv1.Cause_CAUSE_DEVICE_PENDING},
		{time.Second, errorv1.Cause_CAUSE_DEVICE_SLOW_DOWN},
		{5 * time.Second, errorv1.Cause_CAUSE_DEVICE_SLOW_DOWN},
		{15 * time.Second, errorv1.Cause_CAUSE_DEVICE_PENDING},
		{10 * time.Second, errorv1.Cause_CAUSE_DEVICE_SLOW_DOWN},
		{20 * time.Second, errorv1.Cause_CAUSE_DEVICE_PENDING},
	} {
		d.clock.Advance(row.after)
		d.wantPoll(t, fmt.Sprint("poll ", i+1), row.want)
	}
}

func TestN9_2_BothCodesExpire(t *testing.T) {
	d := newDevices(t)
	lifetime := authz.DefaultConfig().DeviceCodeLifetime
	if d.codes.GetExpiresIn() != 900 || d.codes.GetInterval() != 5 {
		t.Errorf("the codes are %v", d.codes)
	}
	id, err := d.claim(t, d.codes.GetUserCode(), "")
	if err != nil {
		t.Fatal(err)
	}
	d.clock.Advance(lifetime)
	d.wantPoll(t, "an expired device code", errorv1.Cause_CAUSE_DEVICE_CODE_EXPIRED)
	_, err = d.claim(t, d.codes.GetUserCode(), "")
	wantReason(t, "an expired user code", err, errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND)
	wantReason(t, "a decision that comes too late", d.approve(t, id), errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND)
	found, err := d.browser.LookUpAuthorization(t.Context(), &authzv1.LookUpAuthorizationRequest{RequestId: id, SessionToken: "john", BrowserToken: d.token})
	if err != nil || found.GetState() != authzv1.AuthorizationState_AUTHORIZATION_STATE_EXPIRED || found.GetDevice() == nil {
		t.Errorf("the page shows %v, %v", found, err)
	}
	d.clock.Advance(lifetime)
	d.wantPoll(t, "a device code of long ago", errorv1.Cause_CAUSE_DEVICE_CODE_UNKNOWN)
}

func TestN9_3_WrongUserCodesOfAUserAreLimited(t *testing.T) {
	d := newDevices(t)
	config := authz.DefaultConfig()
	wrong := func(source string) error {
		_, err := d.claim(t, "BBBB-BBBB", source)
		return err
	}
	for range config.UserCodeAttempts {
		wantReason(t, "a wrong code", wrong("192.0.2.1"), errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND)
	}
	err := wrong("192.0.2.2")
	wantReason(t, "a wrong code too many", err, errorv1.Reason_REASON_RATE_LIMITED)
	if after := oerr.RetryAfter(err); after <= 0 || after > config.UserCodeWindow {
		t.Errorf("the user may try again after %s", after)
	}
	_, err = d.claim(t, d.codes.GetUserCode(), "192.0.2.2")
	wantReason(t, "the right code after too many wrong ones", err, errorv1.Reason_REASON_RATE_LIMITED)
	d.start(t) // does not help
	_, err = d.claim(t, d.codes.GetUserCode(), "192.0.2.2")
	wantReason(t, "a new device's code", err, errorv1.Reason_REASON_RATE_LIMITED)

	d.clock.Advance(config.UserCodeWindow)
	d.start(t)
	for range 3 * config.UserCodeAttempts { // right codes cost nothing
		if _, err := d.claim(t, d.codes.GetUserCode(), "192.0.2.2"); err != nil {
			t.Fatal(err)
		}
	}
	_, err = d.claims.ClaimDeviceAuthorization(t.Context(), &authzv1.ClaimDeviceAuthorizationRequest{
		UserCode: d.codes.GetUserCode(), BrowserToken: d.token, SessionToken: "ended",
	})
	wantReason(t, "no session", err, errorv1.Reason_REASON_SESSION_REQUIRED)
}

// TestN9_3_WrongUserCodesOfASourceAreLimited although each is another user's; another source is not affected.
func TestN9_3_WrongUserCodesOfASourceAreLimited(t *testing.T) {
	d := newDevices(t)
	for i := range authz.DefaultConfig().UserCodeSourceAttempts {
		_, err := d.claimAs(t, fmt.Sprint("user", i), "BBBB-BBBB", "192.0.2.1")
		wantReason(t, "a wrong code", err, errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND)
	}
	_, err := d.claim(t, d.codes.GetUserCode(), "192.0.2.1")
	wantReason(t, "the right code of the same source", err, errorv1.Reason_REASON_RATE_LIMITED)
	if _, err := d.claim(t, d.codes.GetUserCode(), "192.0.2.2"); err != nil {
		t.Errorf("the right code of another source: %v", err)
	}
}

func TestWithoutACountNoUserCodeIsLookedUp(t *testing.T) {
	d := newDevices(t)
	d.shortLived.away.Store(true)
	_, err := d.claim(t, d.codes.GetUserCode(), "192.0.2.1")
	wantReason(t, "a code that cannot be counted", err, errorv1.Reason_REASON_UNAVAILABLE)
}

// TestADeviceOfAClientThatChangedIsRefused when the user decides: the client was disabled, or may not
// connect devices any more.
func TestADeviceOfAClientThatChangedIsRefused(t *testing.T) {
	for name, change := range map[string]func(d *devices) error{
		"disabled": func(d *devices) error {
			_, err := authzv1.NewAdministrationServiceClient(dial(t, d.network, "token", "authz")).
				ApplyDisableClient(t.Context(), &authzv1.ApplyDisableClientRequest{ClientId: tv})
			return err
		},
		"without the grant type": func(d *devices) error {
			_, err := d.operator(t).UpdateClient(t.Context(), &authzv1.UpdateClientRequest{
				ClientId: tv, GrantTypes: []string{"authorization_code"}, RedirectUris: []string{callback},
			})
			return err
		},
		"with another scope": func(d *devices) error {
			_, err := d.operator(t).UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: tv, Scopes: []string{"jobs:read"}})
			return err
		},
	} {
		d := newDevices(t)
		id, err := d.claim(t, d.codes.GetUserCode(), "")
		if err != nil {
			t.Fatal(err)
		}
		if err := change(d); err != nil {
			t.Fatal(err)
		}
		wantReason(t, "a client that is "+name, d.approve(t, id), errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND)
	}
}

// TestACancelledDeviceIsDenied: the user leaves the sign-in page, to which "Not you?" redirects.
func TestACancelledDeviceIsDenied(t *testing.T) {
	d := newDevices(t)
	id, err := d.claim(t, d.codes.GetUserCode(), "")
	if err != nil {
		t.Fatal(err)
	}
	res, err := d.browser.CancelAuthorization(t.Context(), &authzv1.CancelAuthorizationRequest{RequestId: id, BrowserToken: d.token})
	if err != nil || res.GetStep().GetReturnPage().GetRequestId() != id {
		t.Errorf("the browser goes to %v, %v", res, err)
	}
	d.wantPoll(t, "a cancelled device", errorv1.Cause_CAUSE_DEVICE_DENIED)
}
