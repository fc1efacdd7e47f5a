package rpc_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

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
	revocation.Store

	calls []string
	fault identityv1.PasswordFault
	// refused is identity's error, lost that of a change after its commit, and down the store's.
	refused, lost, down error
}

func (p *passwords) ChangePassword(
	_ context.Context, req *identityv1.ChangePasswordRequest, _ ...grpc.CallOption,
) (*identityv1.ChangePasswordResponse, error) {
	call, res := "change", &identityv1.ChangePasswordResponse{Fault: p.fault, Session: &identityv1.Session{UserId: "usr_john"}, SessionToken: "next"}
	if req.GetValidateOnly() {
		call, res.SessionToken = "validate", ""
	}
	p.calls = append(p.calls, call)
	if p.refused != nil {
		return nil, p.refused
	}
	if p.lost != nil && !req.GetValidateOnly() {
		return nil, p.lost
	}
	return res, nil
}

func (p *passwords) RevokeSignIns(_ context.Context, userID string) error {
	p.calls = append(p.calls, "revoke "+userID)
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
