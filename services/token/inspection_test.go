package token_test

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token"
)

func TestAnOperatorSeesWhatATokenStandsForAndEndsIt(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	operator := b.dial(t, "operator", "token")
	sees, ends := tokenv1.NewOversightServiceClient(operator), tokenv1.NewEndingServiceClient(operator)
	pair, other := b.mustRedeem(t, "code-1"), b.mustRedeem(t, "code-2")
	key := b.mustKey(t, "ws_acme")
	for name, row := range map[string]struct {
		token string
		kind  tokenv1.TokenKind
		user  string
	}{
		"access":  {pair.GetAccessToken(), tokenv1.TokenKind_TOKEN_KIND_ACCESS_TOKEN, "usr_john"},
		"refresh": {pair.GetRefreshToken(), tokenv1.TokenKind_TOKEN_KIND_REFRESH_TOKEN, "usr_john"},
		"key":     {key.GetKey(), tokenv1.TokenKind_TOKEN_KIND_API_KEY, ""},
	} {
		res, err := sees.InspectToken(t.Context(), &tokenv1.InspectTokenRequest{Token: row.token})
		if err != nil || !res.GetActive() || res.GetKind() != row.kind || res.GetUserId() != row.user || res.GetWorkspaceId() != "ws_acme" ||
			(res.GetKeyId() == "") != (row.user != "") {
			t.Errorf("%s: %v, %v", name, res, err)
		}
	}
	if res, err := ends.EndToken(t.Context(), &tokenv1.EndTokenRequest{Token: other.GetAccessToken()}); err != nil || !res.GetEnded() || b.active(t, other.GetAccessToken()) {
		t.Errorf("an access token: %v, %v", res, err)
	}
	if res, err := ends.EndToken(t.Context(), &tokenv1.EndTokenRequest{Token: other.GetRefreshToken()}); err != nil || !res.GetEnded() {
		t.Errorf("its refresh token, which lived on: %v, %v", res, err)
	}
	for name, dead := range map[string]string{
		"ended": other.GetRefreshToken(), "unknown": secret.Generate(secret.AccessToken).Reveal(), "an unknown user token": secret.NewUserToken().Reveal(),
	} {
		res, err := sees.InspectToken(t.Context(), &tokenv1.InspectTokenRequest{Token: dead})
		if err != nil || res.GetActive() || res.GetKind() == 0 {
			t.Errorf("%s: %v, %v", name, res, err)
		}
		if res, err := ends.EndToken(t.Context(), &tokenv1.EndTokenRequest{Token: dead}); err != nil || res.GetEnded() {
			t.Errorf("ending one that is %s: %v, %v", name, res, err)
		}
	}
	for _, text := range []string{"", "x", pair.GetAccessToken() + "x", " " + pair.GetAccessToken()} {
		_, err := sees.InspectToken(t.Context(), &tokenv1.InspectTokenRequest{Token: text})
		wantReason(t, err, errorv1.Reason_REASON_INVALID_REQUEST)
	}
}

func TestAnOperatorSeesTheLimitsOfARestrictedKey(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	operator := b.dial(t, "operator", "token")
	sees, keys := tokenv1.NewOversightServiceClient(operator), tokenv1.NewWorkspaceKeyServiceClient(operator)
	for name, limits := range map[string]*tokenv1.CreateWorkspaceKeyRequest{
		"scopes":    {Scopes: []string{"videos:read"}, LifetimeSeconds: 86400},
		"addresses": {AllowedAddresses: []string{"203.0.113.0/24"}},
	} {
		limits.WorkspaceId, limits.Name = "ws_acme", name
		key, err := keys.CreateWorkspaceKey(t.Context(), limits)
		if err != nil {
			t.Fatal(err)
		}
		res, err := sees.InspectToken(t.Context(), &tokenv1.InspectTokenRequest{Token: key.GetKey()})
		if err != nil || res.GetKind() != tokenv1.TokenKind_TOKEN_KIND_RESTRICTED_API_KEY || !slices.Equal(res.GetScopes(), limits.GetScopes()) ||
			!slices.Equal(res.GetAllowedAddresses(), limits.GetAllowedAddresses()) || (res.GetExpireTime() == nil) != (limits.GetLifetimeSeconds() == 0) {
			t.Errorf("%s: %v, %v", name, res, err)
		}
	}
}

func TestAnOperatorListsAndRevokesGrantsAndReadsWhy(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	operator := b.dial(t, "operator", "token")
	sees, ends := tokenv1.NewOversightServiceClient(operator), tokenv1.NewEndingServiceClient(operator)
	pair, other := b.mustRedeem(t, "code-1"), b.mustRedeem(t, "code-2")
	for _, ask := range []*tokenv1.ListGrantsRequest{{UserId: "usr_john", PageSize: 1}, {ClientId: "app", PageSize: 1}, {UserId: "usr_john", ClientId: "app", PageSize: 1}} {
		found := 0
		for more := true; more; more = ask.GetPageToken() != "" {
			res, err := sees.ListGrants(t.Context(), ask)
			if err != nil {
				t.Fatal(err)
			}
			found += len(res.GetGrants())
			ask.PageToken = res.GetNextPageToken()
		}
		if found != 2 {
			t.Errorf("%v finds %d grants, want 2", ask, found)
		}
	}
	_, err := ends.RevokeUserGrants(t.Context(), &tokenv1.RevokeUserGrantsRequest{UserId: "usr_john", ClientId: "app"})
	if err != nil || b.active(t, pair.GetAccessToken()) || b.active(t, other.GetAccessToken()) {
		t.Errorf("a revoked grant's token is active: %v", err)
	}
	if _, err := ends.RevokeUserGrants(t.Context(), &tokenv1.RevokeUserGrantsRequest{UserId: "usr_john"}); err != nil {
		t.Error(err)
	}
	if _, err := ends.RevokeClientGrants(t.Context(), &tokenv1.RevokeClientGrantsRequest{ClientId: "app"}); err != nil {
		t.Error(err)
	}
	all, err := sees.ListRevocations(t.Context(), &tokenv1.ListRevocationsRequest{})
	if err != nil || len(all.GetRevocations()) != 3 {
		t.Fatalf("the log: %v, %v", all, err)
	}
	newest, err := sees.ListRevocations(t.Context(), &tokenv1.ListRevocationsRequest{PageSize: 1})
	if err != nil || !proto.Equal(newest.GetRevocations()[0], all.GetRevocations()[2]) {
		t.Errorf("the newest: %v, %v", newest, err)
	}
	second, err := sees.ListRevocations(t.Context(), &tokenv1.ListRevocationsRequest{AfterCursor: proto.Int64(1), PageSize: 1})
	if err != nil || !proto.Equal(second.GetRevocations()[0], all.GetRevocations()[1]) {
		t.Errorf("behind the first: %v, %v", second, err)
	}
	for i, want := range []tokenv1.RevocationReason{
		tokenv1.RevocationReason_REVOCATION_REASON_GRANTS_REVOKED, tokenv1.RevocationReason_REVOCATION_REASON_GRANTS_REVOKED,
		tokenv1.RevocationReason_REVOCATION_REASON_CLIENT_ENDED,
	} {
		if e := all.GetRevocations()[i]; e.GetReason() != want || e.GetRevokeTime() == nil || e.GetRevocation().GetCursor() != int64(i+1) {
			t.Errorf("entry %d is %v, want %s", i+1, e, want)
		}
	}
	_, err = sees.ListGrants(t.Context(), &tokenv1.ListGrantsRequest{})
	wantReason(t, err, errorv1.Reason_REASON_INVALID_REQUEST)
	_, err = ends.RevokeUserGrants(t.Context(), &tokenv1.RevokeUserGrantsRequest{ClientId: "app"})
	wantReason(t, err, errorv1.Reason_REASON_INVALID_REQUEST)
	for _, caller := range []string{"gateway", "consent", "videos", "authz"} {
		conn := b.dial(t, caller, "token")
		_, err := tokenv1.NewOversightServiceClient(conn).InspectToken(t.Context(), &tokenv1.InspectTokenRequest{})
		wantReason(t, err, errorv1.Reason_REASON_CALLER_DENIED)
		_, err = tokenv1.NewEndingServiceClient(conn).RevokeClientGrants(t.Context(), &tokenv1.RevokeClientGrantsRequest{ClientId: "app"})
		wantReason(t, err, errorv1.Reason_REASON_CALLER_DENIED)
	}
}

// TestFault_C11_AnOperatorCountsBeforeRevoking: the count of an operation revokes nothing.
func TestFault_C11_AnOperatorCountsBeforeRevoking(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	inspection := tokenv1.NewOversightServiceClient(b.dial(t, "operator", "token"))
	pair, _ := b.mustRedeem(t, "code-1"), b.mustRedeem(t, "code-2")
	for _, ask := range []*tokenv1.CountAccessRequest{
		{UserId: "usr_john"}, {ClientId: "app"}, {UserId: "usr_john", ClientId: "app"}, {UserId: "usr_john", WorkspaceId: "ws_acme"},
	} {
		res, err := inspection.CountAccess(t.Context(), ask)
		if want := (&tokenv1.CountAccessResponse{Grants: 2, GrantUsers: 1}); err != nil || !proto.Equal(res, want) {
			t.Errorf("%v: %v, %v, want %v", ask, res, err, want)
		}
	}
	if res, err := inspection.CountAccess(t.Context(), &tokenv1.CountAccessRequest{AuthenticationAppId: "aap_1"}); err != nil || res.GetUserTokens() != 0 {
		t.Errorf("an authentication app: %v, %v", res, err)
	}
	if !b.active(t, pair.GetAccessToken()) {
		t.Error("counting revoked a token")
	}
	for _, ask := range []*tokenv1.CountAccessRequest{
		{},
		{WorkspaceId: "ws_acme"},
		{ClientId: "app", WorkspaceId: "ws_acme"},
		{UserId: "usr_john", ClientId: "app", WorkspaceId: "ws_acme"},
		{UserId: "usr_john", AuthenticationAppId: "aap_1"},
		{UserId: "\x00"},
	} {
		_, err := inspection.CountAccess(t.Context(), ask)
		wantReason(t, err, errorv1.Reason_REASON_INVALID_REQUEST)
	}
}
