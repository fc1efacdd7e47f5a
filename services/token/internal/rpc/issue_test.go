package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
)

func TestRFC6749_5_1_TheAnswerHasEveryField(t *testing.T) {
	b := newBench()
	first, err := b.IssueToken(t.Context(), redemption())
	if err != nil {
		t.Fatal(err)
	}
	want := oauth.ApprovedRequest{
		AuthorizationRequest: oauth.AuthorizationRequest{
			CodeBinding: oauth.CodeBinding{ClientID: "app", RedirectURI: callback}, Scope: oauth.Scope{"videos:read", "analyze:write"},
		},
		UserID: "usr_john", DisplayName: "John Doe", WorkspaceID: "ws_acme", Epoch: 3,
	}
	if diff := cmp.Diff(want, b.store.Redemption.Code); diff != "" {
		t.Errorf("redeemed code (-want +got):\n%s", diff)
	}
	second, err := b.IssueToken(t.Context(), &tokenv1.IssueTokenRequest{
		GrantType: "refresh_token", RefreshToken: first.GetRefreshToken(), Scope: "videos:read", ClientId: "app", ClientSecret: "secret",
	})
	if err != nil {
		t.Fatal(err)
	}
	for scope, res := range map[string]*tokenv1.IssueTokenResponse{"videos:read analyze:write": first, "videos:read": second} {
		if res.GetTokenType() != "Bearer" || res.GetExpiresIn() != 3600 || res.GetScope() != scope ||
			!secret.Valid(secret.AccessToken, res.GetAccessToken()) || !secret.Valid(secret.RefreshToken, res.GetRefreshToken()) {
			t.Errorf("%s, %d s, %q: want a Bearer pair for 3600 s and %q", res.GetTokenType(), res.GetExpiresIn(), res.GetScope(), scope)
		}
	}
}

func TestTheVerifierReachesTheGrant(t *testing.T) {
	_, err := newBench().IssueToken(t.Context(), redemption(func(r *tokenv1.IssueTokenRequest) { r.CodeVerifier = "unasked-for" }))
	failsAs(t, err, errorv1.Reason_REASON_INVALID_CODE_VERIFIER, "", "unasked-for")
}

// TestWireContract4_EveryFailureHasItsReason drives each one from the request, as a client would
// meet it.
func TestWireContract4_EveryFailureHasItsReason(t *testing.T) {
	refresh := func(r *tokenv1.IssueTokenRequest) {
		r.GrantType, r.RefreshToken = "refresh_token", secret.Generate(secret.RefreshToken).Reveal()
	}
	for _, row := range []struct {
		name   string
		change func(r *tokenv1.IssueTokenRequest)
		reason errorv1.Reason
		field  string
		code   codes.Code
	}{
		{"no grant type", func(r *tokenv1.IssueTokenRequest) { r.GrantType = "" }, errorv1.Reason_REASON_INVALID_REQUEST, "grant_type", codes.InvalidArgument},
		{"no code", func(r *tokenv1.IssueTokenRequest) { r.Code = "" }, errorv1.Reason_REASON_INVALID_REQUEST, "code", codes.InvalidArgument},
		{
			"no redirect URI",
			func(r *tokenv1.IssueTokenRequest) { r.RedirectUri = "" },
			errorv1.Reason_REASON_INVALID_REQUEST, "redirect_uri", codes.InvalidArgument,
		},
		{
			"no refresh token",
			func(r *tokenv1.IssueTokenRequest) { r.GrantType = "refresh_token" },
			errorv1.Reason_REASON_INVALID_REQUEST, "refresh_token", codes.InvalidArgument,
		},
		{
			"unsupported grant type",
			func(r *tokenv1.IssueTokenRequest) { r.GrantType = "password" },
			errorv1.Reason_REASON_UNSUPPORTED_GRANT_TYPE, "", codes.InvalidArgument,
		},
		{
			"wrong secret",
			func(r *tokenv1.IssueTokenRequest) { r.ClientSecret = "wrong" },
			errorv1.Reason_REASON_INVALID_CLIENT, "", codes.Unauthenticated,
		},
		{"unknown code", func(r *tokenv1.IssueTokenRequest) { r.Code = "x" }, errorv1.Reason_REASON_INVALID_CODE, "", codes.InvalidArgument},
		{"another's code", func(r *tokenv1.IssueTokenRequest) { r.ClientId = "b" }, errorv1.Reason_REASON_INVALID_CODE, "", codes.InvalidArgument},
		{"unknown refresh token", refresh, errorv1.Reason_REASON_INVALID_REFRESH_TOKEN, "", codes.InvalidArgument},
		{
			"malformed scope",
			func(r *tokenv1.IssueTokenRequest) { refresh(r); r.Scope = "a\tb" },
			errorv1.Reason_REASON_INVALID_SCOPE, "", codes.InvalidArgument,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := newBench().IssueToken(t.Context(), redemption(row.change))
			failsAs(t, err, row.reason, row.field)
			if got := status.Code(oerr.Edge(err)); got != row.code {
				t.Errorf("leaves as %s, want %s", got, row.code)
			}
		})
	}
}

func TestAClientWithoutTheGrantIsUnauthorized(t *testing.T) {
	b := newBench()
	b.authz.client.GrantTypes = []string{"refresh_token"}
	_, err := b.IssueToken(t.Context(), redemption())
	failsAs(t, err, errorv1.Reason_REASON_UNAUTHORIZED_CLIENT, "")
}

func TestAWrappedFailureKeepsItsReasonAndHidesItsCause(t *testing.T) {
	for sentinel, reason := range map[error]errorv1.Reason{
		grant.ErrUnsupportedGrantType: errorv1.Reason_REASON_UNSUPPORTED_GRANT_TYPE,
		grant.ErrUnauthorizedClient:   errorv1.Reason_REASON_UNAUTHORIZED_CLIENT,
		grant.ErrInvalidScope:         errorv1.Reason_REASON_INVALID_SCOPE,
		grant.ErrInvalidCode:          errorv1.Reason_REASON_INVALID_CODE,
		grant.ErrInvalidVerifier:      errorv1.Reason_REASON_INVALID_CODE_VERIFIER,
		grant.ErrInvalidRefreshToken:  errorv1.Reason_REASON_INVALID_REFRESH_TOKEN,
	} {
		b := newBench()
		b.store.Fail("Redeem", fmt.Errorf("inside: %w", sentinel))
		_, err := b.IssueToken(t.Context(), redemption())
		failsAs(t, err, reason, "", "inside")
		if oerr.Message(err) != sentinel.Error() {
			t.Errorf("says %q, want %q", oerr.Message(err), sentinel)
		}
	}
}

func TestRule4_AnOutageIsUnavailableAndSaysWhenToComeBack(t *testing.T) {
	outage := fmt.Errorf("redeeming a code: %w: dial tcp 10.0.0.1", sqldb.ErrUnavailable)
	b := newBench()
	b.store.Fail("Redeem", outage)
	_, err := b.IssueToken(t.Context(), redemption())
	failsAs(t, err, errorv1.Reason_REASON_UNAVAILABLE, "")
	if oerr.RetryAfter(err) <= 0 {
		t.Error("does not say when to come back")
	}
	if !errors.Is(err, sqldb.ErrUnavailable) {
		t.Error("the cause is lost for the log")
	}
	if left := oerr.Edge(err); status.Code(left) != codes.Unavailable || strings.Contains(left.Error(), "10.0.0.1") {
		t.Errorf("leaves as %v", left)
	}
}

func TestAuthzDownIsUnavailableEverywhere(t *testing.T) {
	for name, down := range map[string]error{
		"gone":        status.Error(codes.Unavailable, "connection refused"),
		"too slow":    status.Error(codes.DeadlineExceeded, "deadline"),
		"its own":     oerr.Unavailable(errBroken),
		"rate limits": oerr.New(errorv1.Reason_REASON_RATE_LIMITED, "too many attempts"),
	} {
		b := newBench()
		b.authz.down = down
		for endpoint, err := range b.everywhere(t.Context(), sent{id: "app", secret: "secret"}) {
			t.Run(name+"/"+endpoint, func(t *testing.T) { failsAs(t, oerr.Edge(err), oerr.Reason(down), "") })
		}
	}
}

func TestACodeThatCannotBeResolvedNowIsNotInvalid(t *testing.T) {
	b := newBench()
	b.Endpoint = grant.NewEndpoint(b.Authz, grant.AuthorizationCode{Codes: failing{errBroken}, Store: b.store})
	_, err := b.IssueToken(t.Context(), redemption())
	failsAs(t, err, errorv1.Reason_REASON_UNSPECIFIED, "")
}

type failing struct{ err error }

func (f failing) Resolve(context.Context, secret.String) (oauth.ApprovedRequest, error) {
	return oauth.ApprovedRequest{}, f.err
}

func TestWhatIsUnknownIsInternalAndSaysNothing(t *testing.T) {
	b := newBench()
	b.store.Fail("Redeem", errBroken)
	_, err := b.IssueToken(t.Context(), redemption())
	if !errors.Is(err, errBroken) {
		t.Errorf("IssueToken: %v, want the cause for the log", err)
	}
	if left := oerr.Edge(err); status.Code(left) != codes.Internal || strings.Contains(left.Error(), "families") {
		t.Errorf("leaves as %v", left)
	}
}

func TestACallerThatWentAwayIsNoFailureOfOurs(t *testing.T) {
	b := newBench()
	b.store.Fail("Redeem", fmt.Errorf("redeeming a code: %w", context.Canceled))
	_, err := b.IssueToken(t.Context(), redemption())
	if got := status.Code(oerr.Edge(err)); got != codes.Canceled {
		t.Errorf("leaves as %s, want Canceled", got)
	}
}
