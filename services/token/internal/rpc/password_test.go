package rpc_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/actor"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/revocation"
	"github.com/vidocu/usher/services/token/internal/rpc"
)

// passwords is identity and the store of a change of a password. It records the calls.
type passwords struct {
	identityv1.CredentialServiceClient
	identityv1.SessionServiceClient
	revocation.Store

	calls []string
	// changes are the requests for a change, as they were sent.
	changes []*identityv1.ChangePasswordRequest
	fault   identityv1.PasswordFault
	// refused is identity's error, lost that of a change after its commit, and down the store's.
	refused, lost, down error
	// on is the occasion of the last revocation.
	on revocation.Occasion
}

func (p *passwords) ChangePassword(
	_ context.Context, req *identityv1.ChangePasswordRequest, _ ...grpc.CallOption,
) (*identityv1.ChangePasswordResponse, error) {
	call, res := "change", &identityv1.ChangePasswordResponse{Fault: p.fault, Session: &identityv1.Session{UserId: "usr_john"}, SessionToken: "next"}
	if req.GetValidateOnly() {
		call, res.SessionToken = "validate", ""
	}
	p.calls, p.changes = append(p.calls, call), append(p.changes, proto.CloneOf(req))
	if p.refused != nil {
		return nil, p.refused
	}
	if p.lost != nil && !req.GetValidateOnly() {
		return nil, p.lost
	}
	return res, nil
}

func (p *passwords) GetSession(context.Context, *identityv1.GetSessionRequest, ...grpc.CallOption) (*identityv1.GetSessionResponse, error) {
	p.calls = append(p.calls, "session")
	return &identityv1.GetSessionResponse{Session: &identityv1.Session{UserId: "usr_john"}}, p.refused
}

func (p *passwords) EndOtherSessions(
	_ context.Context, req *identityv1.EndOtherSessionsRequest, _ ...grpc.CallOption,
) (*identityv1.EndOtherSessionsResponse, error) {
	p.calls = append(p.calls, "end others of "+req.GetSessionToken()+" "+req.GetSourceAddress()+" "+req.GetUserAgent()+" "+req.GetForm())
	return &identityv1.EndOtherSessionsResponse{SessionToken: "next", Session: &identityv1.Session{UserId: "usr_john"}}, p.lost
}

func (p *passwords) RevokeSignIns(_ context.Context, userID string, on revocation.Occasion) error {
	p.calls, p.on = append(p.calls, "revoke "+userID), on
	return p.down
}

func (p *passwords) RecordRevocation(context.Context, revocation.Event) error { return nil }

// TestSignInsAreRevokedAroundANewPassword, and never before the old one is known to be right.
func TestSignInsAreRevokedAroundANewPassword(t *testing.T) {
	wrong := oerr.New(errorv1.Reason_REASON_INVALID_CREDENTIALS, "wrong")
	around := []string{"validate", "revoke usr_john", "change", "revoke usr_john"}
	for name, row := range map[string]struct {
		with      passwords
		elsewhere bool
		want      []string
		reason    errorv1.Reason
		token     string
	}{
		"everywhere else":       {passwords{}, true, around, 0, "next"},
		"here":                  {passwords{}, false, []string{"change"}, 0, "next"},
		"a wrong password":      {passwords{refused: wrong}, true, []string{"validate"}, errorv1.Reason_REASON_INVALID_CREDENTIALS, ""},
		"a wrong password here": {passwords{refused: wrong}, false, []string{"change"}, errorv1.Reason_REASON_INVALID_CREDENTIALS, ""},
		"a short password":      {passwords{fault: identityv1.PasswordFault_PASSWORD_FAULT_SHORT}, true, []string{"validate"}, 0, ""},
		"a late refusal":        {passwords{lost: wrong}, true, around[:3], errorv1.Reason_REASON_INVALID_CREDENTIALS, ""},
		"a lost response":       {passwords{lost: oerr.Unavailable(nil)}, true, around, errorv1.Reason_REASON_UNAVAILABLE, ""},
		"a failed renewal":      {passwords{lost: status.Error(codes.Internal, "internal error")}, true, around, 0, ""},
		"a browser that left":   {passwords{lost: status.Error(codes.Canceled, "the caller went away")}, true, around, 0, ""},
		"another change":        {passwords{lost: oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "x")}, true, around, errorv1.Reason_REASON_SESSION_REQUIRED, ""},
		"an outage":             {passwords{down: sqldb.ErrUnavailable}, true, []string{"validate", "revoke usr_john"}, errorv1.Reason_REASON_UNAVAILABLE, ""},
	} {
		p := row.with
		server := &rpc.Passwords{Revoker: revocation.Revoker{Store: &p, Unchanged: rpc.Unchanged, Step: actor.Within}, Credentials: &p}
		res, err := server.ChangePassword(t.Context(), &tokenv1.ChangePasswordRequest{SignOutElsewhere: row.elsewhere})
		if got := oerr.Reason(err); got != row.reason {
			t.Errorf("%s: %s (%v), want %s", name, got, err, row.reason)
		}
		if err == nil && (res.GetFault() != p.fault || p.fault == 0 && res.GetSessionToken() != row.token) {
			t.Errorf("%s: %v, %q", name, res.GetFault(), res.GetSessionToken())
		}
		if diff := cmp.Diff(row.want, p.calls); diff != "" {
			t.Errorf("%s: the calls (-want +got)\n%s", name, diff)
		}
	}
}

// TestIdentityGetsAChangeOfAPasswordWhole: with the source, whose attempts it counts, with the browser of the event,
// and with the end of the other sessions where the user asks for it, in the validation too.
func TestIdentityGetsAChangeOfAPasswordWhole(t *testing.T) {
	for _, elsewhere := range []bool{true, false} {
		p := passwords{}
		server := &rpc.Passwords{Revoker: revocation.Revoker{Store: &p, Unchanged: rpc.Unchanged, Step: actor.Within}, Credentials: &p}
		if _, err := server.ChangePassword(t.Context(), &tokenv1.ChangePasswordRequest{
			SessionToken: "now", OldPassword: "old", NewPassword: "new", SourceAddress: "203.0.113.7", UserAgent: "Firefox", SignOutElsewhere: elsewhere,
		}); err != nil {
			t.Fatal(err)
		}
		for _, got := range p.changes {
			want := &identityv1.ChangePasswordRequest{
				SessionToken: "now", OldPassword: "old", NewPassword: "new", SourceAddress: "203.0.113.7", UserAgent: "Firefox",
				EndOtherSessions: elsewhere, ValidateOnly: got.GetValidateOnly(),
			}
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Errorf("elsewhere %t (-want +got)\n%s", elsewhere, diff)
			}
		}
		if last := len(p.changes) - 1; last < 0 || p.changes[last].GetValidateOnly() {
			t.Errorf("elsewhere %t: nothing is changed by %v", elsewhere, p.calls)
		}
	}
}

// TestASignOutElsewhereRevokesSignIns, around the end of the other sessions, and nothing for a session
// that has ended, whose form may have been sent before.
func TestASignOutElsewhereRevokesSignIns(t *testing.T) {
	const end = "end others of now 203.0.113.7 Firefox "
	ended := oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "ended")
	around := []string{"session", "revoke usr_john", end, "revoke usr_john"}
	for name, row := range map[string]struct {
		with   passwords
		form   string
		want   []string
		reason errorv1.Reason
	}{
		"a session":              {passwords{}, "", around, 0},
		"an ended session":       {passwords{refused: ended}, "", []string{"session"}, errorv1.Reason_REASON_SESSION_REQUIRED},
		"a second click":         {passwords{refused: ended}, "form", []string{"session", end + "form"}, 0},
		"one ends meanwhile":     {passwords{lost: ended}, "", around, errorv1.Reason_REASON_SESSION_REQUIRED},
		"identity of 0.1":        {passwords{lost: status.Error(codes.Unimplemented, "unknown method")}, "", around, errorv1.Reason_REASON_UNAVAILABLE},
		"an outage":              {passwords{down: sqldb.ErrUnavailable}, "", around[:2], errorv1.Reason_REASON_UNAVAILABLE},
		"identity's own failure": {passwords{lost: oerr.New(errorv1.Reason_REASON_CALLER_DENIED, "x")}, "", around, errorv1.Reason_REASON_UNSPECIFIED},
	} {
		p := row.with
		server := &rpc.Passwords{Revoker: revocation.Revoker{Store: &p, Unchanged: rpc.Unchanged, Step: actor.Within}, Sessions: &p}
		res, err := server.SignOutElsewhere(t.Context(), &tokenv1.SignOutElsewhereRequest{
			SessionToken: "now", SourceAddress: "203.0.113.7", UserAgent: "Firefox", Form: row.form,
		})
		if got := oerr.Reason(err); got != row.reason || (err == nil) != (res.GetSessionToken() == "next") {
			t.Errorf("%s: %s (%v), want %s, with %q", name, got, err, row.reason, res.GetSessionToken())
		}
		if diff := cmp.Diff(row.want, p.calls); diff != "" {
			t.Errorf("%s: the calls (-want +got)\n%s", name, diff)
		}
		if len(p.calls) > 2 && p.on != revocation.OthersSignedOut {
			t.Errorf("%s: the occasion is %d", name, p.on)
		}
	}
}
