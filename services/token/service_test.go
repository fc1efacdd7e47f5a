package token_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/services/token"
)

func TestTheWayOfAToken(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	first := b.mustRedeem(t, "code-1")
	if first.GetExpiresIn() != 3600 || first.GetScope() != "videos:read analyze:write" {
		t.Errorf("%q for %d s, want what was approved for an hour", first.GetScope(), first.GetExpiresIn())
	}

	got, err := b.introspect.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: first.GetAccessToken()})
	want := &tokenv1.IntrospectTokenResponse{
		Active: true, Scope: first.GetScope(), ClientId: "app", Sub: "usr_john", Username: "usr_john", Name: "John Doe", TokenType: "Bearer",
		Iss: "https://vidocu.ai", WorkspaceId: "ws_acme", Kind: tokenv1.TokenKind_TOKEN_KIND_ACCESS_TOKEN, Plan: "pro",
		Iat: got.GetIat(), Exp: got.GetIat() + 3600, GrantId: got.GetGrantId(), ExpiresInMs: got.GetExpiresInMs(),
		Aud: []string{"https://api.vidocu.ai/v1"}, TokenKind: "user",
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("IntrospectToken: %v (-want +got):\n%s", err, diff)
	}
	if since := time.Since(time.Unix(got.GetIat(), 0)).Abs(); since > time.Minute {
		t.Errorf("issued %s ago", since)
	}

	if left := time.Duration(got.GetExpiresInMs()) * time.Millisecond; left > time.Hour || left < 59*time.Minute || len(got.GetGrantId()) != 32 {
		t.Errorf("lives for %s and hangs on %x", left, got.GetGrantId())
	}

	second := b.mustRefresh(t, first.GetRefreshToken())
	if !b.active(t, first.GetAccessToken()) || !b.active(t, second.GetAccessToken()) {
		t.Error("an access token died of a refresh")
	}
	for range 2 { // the second time it means nothing and is a success all the same
		if _, err := b.oauth.RevokeToken(t.Context(), &tokenv1.RevokeTokenRequest{Token: second.GetRefreshToken()}); err != nil {
			t.Fatalf("RevokeToken: %v", err)
		}
	}
	if b.active(t, first.GetAccessToken()) || b.active(t, second.GetAccessToken()) {
		t.Error("an access token outlived its family")
	}
	_, err = b.refresh(t.Context(), second.GetRefreshToken())
	wantReason(t, err, errorv1.Reason_REASON_INVALID_REFRESH_TOKEN)
}

func wantReason(t *testing.T, err error, reason errorv1.Reason) {
	t.Helper()
	if got := oerr.Reason(err); err == nil || got != reason {
		t.Errorf("%v (%s), want %s", err, got, reason)
	}
}

func TestRFC8414_2_EveryGrantTypeThatIsNamedIsSupported(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	for _, name := range oauth.GrantTypeNames(nil) {
		_, err := b.oauth.IssueToken(t.Context(), &tokenv1.IssueTokenRequest{GrantType: name})
		wantReason(t, err, errorv1.Reason_REASON_INVALID_REQUEST) // it lacks its parameters
	}
	_, err := b.oauth.IssueToken(t.Context(), &tokenv1.IssueTokenRequest{GrantType: "password"})
	wantReason(t, err, errorv1.Reason_REASON_UNSUPPORTED_GRANT_TYPE)
	const want = "grant_type must be one of authorization_code, refresh_token, client_credentials, urn:ietf:params:oauth:grant-type:device_code"
	if message := oerr.Message(err); !strings.HasSuffix(message, want) || strings.Contains(message, "password") {
		t.Errorf("the refusal is %q, want the values that may be sent", message)
	}
}

func TestRFC6749_4_1_2_AReplayedCodeEndsWhatItIssued(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	pair := b.mustRedeem(t, "code-1")
	_, err := b.redeem(t.Context(), "code-1")
	wantReason(t, err, errorv1.Reason_REASON_INVALID_CODE)
	if b.active(t, pair.GetAccessToken()) {
		t.Error("the first use's token is still live")
	}
}

func TestReuseEndsEverythingOfThePair(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	stolen, elsewhere := b.mustRedeem(t, "code-1"), b.mustRedeem(t, "code-2")
	next := b.mustRefresh(t, stolen.GetRefreshToken())
	_, err := b.refresh(t.Context(), stolen.GetRefreshToken())
	wantReason(t, err, errorv1.Reason_REASON_INVALID_REFRESH_TOKEN)
	for _, pair := range []*tokenv1.IssueTokenResponse{stolen, next, elsewhere} {
		if b.active(t, pair.GetAccessToken()) {
			t.Error("a token of the pair is still live")
		}
	}
	// The code was approved at the old epoch.
	_, err = b.redeem(t.Context(), "code-3")
	wantReason(t, err, errorv1.Reason_REASON_INVALID_CODE)
	epoch, err := b.grants.GetPairEpoch(t.Context(), &tokenv1.GetPairEpochRequest{UserId: "usr_john", ClientId: "app"})
	if err != nil || epoch.GetEpoch() != 1 {
		t.Errorf("GetPairEpoch: %d, %v: want one revocation", epoch.GetEpoch(), err)
	}
}

func TestTheRetryWindowAnswersTheSamePair(t *testing.T) {
	config := token.DefaultConfig()
	config.RefreshRetryWindow = 30 * time.Second
	b := newBench(t, config)
	first := b.mustRedeem(t, "code-1")
	second := b.mustRefresh(t, first.GetRefreshToken())
	again := b.mustRefresh(t, first.GetRefreshToken())
	if !proto.Equal(second, again) {
		t.Error("the retry answered another pair")
	}
	b.mustRefresh(t, again.GetRefreshToken())
	_, err := b.refresh(t.Context(), first.GetRefreshToken())
	wantReason(t, err, errorv1.Reason_REASON_INVALID_REFRESH_TOKEN)
	if b.active(t, second.GetAccessToken()) {
		t.Error("the predecessor of a used successor was no reuse")
	}
}

func TestAClientSeesItsOwnTokensAndAResourceServerAll(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	pair := b.mustRedeem(t, "code-1")
	for _, row := range []struct {
		client, token string
		active        bool
	}{
		{"app", pair.GetAccessToken(), true},
		{"app", pair.GetRefreshToken(), true},
		{"server", pair.GetAccessToken(), true},
		{"server", pair.GetRefreshToken(), false},
	} {
		res, err := b.oauth.IntrospectClientToken(t.Context(), &tokenv1.IntrospectClientTokenRequest{
			Token: row.token, ClientId: row.client, ClientSecret: "secret",
		})
		if err != nil || res.Active == nil || res.GetActive() != row.active {
			t.Errorf("%s asks about %s…: %v, %v, want %v", row.client, row.token[:8], res.GetActive(), err, row.active)
		}
	}
}

func TestConsentListsAndEndsAConnection(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	pair := b.mustRedeem(t, "code-1")
	list, err := b.grants.ListConnections(t.Context(), &tokenv1.ListConnectionsRequest{UserId: "usr_john"})
	if err != nil || len(list.GetConnections()) != 1 || list.GetConnections()[0].GetLastUseTime() == nil {
		t.Fatalf("ListConnections: %v, %v: want the app with its last use", list.GetConnections(), err)
	}
	epoch, err := b.grants.GetPairEpoch(t.Context(), &tokenv1.GetPairEpochRequest{UserId: "usr_john", ClientId: "app"})
	for name, lives := range map[string][2]int64{
		"ListConnections": {list.GetRefreshTokenLifetimeSeconds(), list.GetFamilyLifetimeSeconds()},
		"GetPairEpoch":    {epoch.GetRefreshTokenLifetimeSeconds(), epoch.GetFamilyLifetimeSeconds()},
	} {
		if want := [2]int64{30 * 24 * 60 * 60, 365 * 24 * 60 * 60}; err != nil || lives != want {
			t.Errorf("%s: %v: a grant lives for %v, want %v", name, err, lives, want)
		}
	}
	if _, err := b.grants.EndConnection(t.Context(), &tokenv1.EndConnectionRequest{UserId: "usr_john", ClientId: "app"}); err != nil {
		t.Fatalf("EndConnection: %v", err)
	}
	if b.active(t, pair.GetAccessToken()) {
		t.Error("a token outlived its connection")
	}
}

func TestRule4_ADependencyThatIsDownIsUnavailable(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	pair := b.mustRedeem(t, "code-1")
	b.authz.fail(status.Error(codes.Unavailable, "connection refused"))
	_, err := b.refresh(t.Context(), pair.GetRefreshToken())
	wantReason(t, err, errorv1.Reason_REASON_UNAVAILABLE)
	if oerr.RetryAfter(err) <= 0 {
		t.Error("does not say when to come back")
	}
	b.authz.fail(nil)
	b.mustRefresh(t, pair.GetRefreshToken())
}

func TestRule4_ADatabaseThatIsGoneIsUnavailable(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	pair := b.mustRedeem(t, "code-1")
	if err := b.db.Close(); err != nil {
		t.Fatal(err)
	}
	_, issue := b.redeem(t.Context(), "code-1")
	_, refresh := b.refresh(t.Context(), pair.GetRefreshToken())
	_, introspect := b.introspect.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: pair.GetAccessToken()})
	_, revoke := b.oauth.RevokeToken(t.Context(), &tokenv1.RevokeTokenRequest{Token: pair.GetAccessToken()})
	for _, err := range []error{issue, refresh, introspect, revoke} {
		wantReason(t, err, errorv1.Reason_REASON_UNAVAILABLE)
	}
}

// TestADR0003_OnlyTheNamedCallersMayCall: each RPC's callers stand at the RPC.
func TestADR0003_OnlyTheNamedCallersMayCall(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	for _, caller := range []string{"videos", "consent", "identity"} {
		_, err := tokenv1.NewOAuthServiceClient(b.dial(t, caller, "token")).IssueToken(t.Context(), &tokenv1.IssueTokenRequest{})
		wantReason(t, err, errorv1.Reason_REASON_CALLER_DENIED)
	}
	for _, caller := range []string{"videos", "gateway"} {
		_, err := tokenv1.NewGrantServiceClient(b.dial(t, caller, "token")).EndConnection(t.Context(), &tokenv1.EndConnectionRequest{})
		wantReason(t, err, errorv1.Reason_REASON_CALLER_DENIED)
	}
	for _, caller := range []string{"videos", "gateway"} {
		_, err := tokenv1.NewApiKeyServiceClient(b.dial(t, caller, "token")).ListApiKeys(t.Context(), &tokenv1.ListApiKeysRequest{})
		wantReason(t, err, errorv1.Reason_REASON_CALLER_DENIED)
	}
	for _, caller := range []string{"gateway", "consent", "operator"} {
		_, err := authv3.NewAuthorizationClient(b.dial(t, caller, "token")).Check(t.Context(), &authv3.CheckRequest{})
		if status.Code(err) != codes.PermissionDenied {
			t.Errorf("%s asks as Envoy does: %v", caller, err)
		}
	}
	_, err := tokenv1.NewIntrospectionServiceClient(b.dial(t, "consent", "token")).
		IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: "some"})
	wantReason(t, err, errorv1.Reason_REASON_CALLER_DENIED)
}

func TestABadConfigurationIsRefusedByTheSettingsName(t *testing.T) {
	db := database(t)
	for setting, change := range map[string]func(*token.Config){
		"access_token_lifetime":  func(c *token.Config) { c.AccessTokenLifetime = 25 * time.Hour },
		"refresh_token_lifetime": func(c *token.Config) { c.RefreshTokenLifetime = 0 },
		"family_lifetime":        func(c *token.Config) { c.FamilyLifetime = -time.Hour },
		"refresh_retry_window":   func(c *token.Config) { c.RefreshRetryWindow = time.Minute },
		"refresh_window":         func(c *token.Config) { c.RefreshWindow = 0 },
	} {
		config := token.DefaultConfig()
		change(&config)
		service, err := token.New(t.Context(), config, token.Deps{Logger: slog.New(slog.DiscardHandler), DB: db})
		if err == nil || service != nil || !strings.Contains(err.Error(), setting) {
			t.Errorf("New: %v, want a failure that names %s", err, setting)
		}
	}
	if err := token.DefaultConfig().Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}

func TestRunEndsWithItsContextAndWithoutAFailure(t *testing.T) {
	config := token.DefaultConfig()
	config.RefreshRetryWindow = time.Second
	db := database(t)
	service, err := token.New(t.Context(), config, token.Deps{
		Logger: slog.New(slog.DiscardHandler), DB: db, Catalog: catalog.Fixed(catalog.Default()),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- service.Run(ctx) }()
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("Run: %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("Run goes on after its end was asked for")
	}
}

// TestFault_E4_RefreshesOfOneGrantAreLimited: one user with a public client refreshed 1,465 times a
// second.
func TestFault_E4_RefreshesOfOneGrantAreLimited(t *testing.T) {
	config := token.DefaultConfig()
	config.RefreshLimit, config.RefreshWindow = 3, time.Hour
	b := newBench(t, config)
	pair := b.mustRedeem(t, "code-1")
	for range config.RefreshLimit {
		pair = b.mustRefresh(t, pair.GetRefreshToken())
	}
	_, err := b.refresh(t.Context(), pair.GetRefreshToken())
	wantReason(t, err, errorv1.Reason_REASON_RATE_LIMITED)
	if after := oerr.RetryAfter(err); after <= 19*time.Minute || after > 20*time.Minute || after%time.Second != 0 {
		t.Errorf("come back in %s, want a third of an hour in whole seconds", after)
	}
	if !b.active(t, pair.GetAccessToken()) {
		t.Error("a refused refresh ended the grant")
	}
}

// TestFault_E1_GrantsBeyondTheLimitEnd: nothing bounded the live grants of one user with one
// client.
func TestFault_E1_GrantsBeyondTheLimitEnd(t *testing.T) {
	config := token.DefaultConfig()
	config.GrantLimit = 2
	b := newBench(t, config)
	first, second, third := b.mustRedeem(t, "code-1"), b.mustRedeem(t, "code-2"), b.mustRedeem(t, "code-3")
	live := 0
	for _, pair := range []*tokenv1.IssueTokenResponse{first, second, third} {
		if b.active(t, pair.GetAccessToken()) {
			live++
		}
	}
	if live != config.GrantLimit {
		t.Errorf("%d grants are live, want %d", live, config.GrantLimit)
	}
}
