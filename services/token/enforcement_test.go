package token_test

import (
	"strings"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token"
)

func (b bench) mustKey(t *testing.T, workspace string) *tokenv1.CreateApiKeyResponse {
	t.Helper()
	res, err := b.keys.CreateApiKey(t.Context(), &tokenv1.CreateApiKeyRequest{WorkspaceId: workspace, Name: "Render farm"})
	if err != nil {
		t.Fatalf("CreateApiKey: %v", err)
	}
	return res
}

// opens checks a request through AccessService and through Envoy's service and returns the status
// of the denial, 0 for none. They must agree.
func (b bench) opens(t *testing.T, credential, method, path string) int {
	t.Helper()
	res, err := b.access.CheckAccess(t.Context(), &tokenv1.CheckAccessRequest{Token: credential, Method: method, Path: path})
	if err != nil {
		t.Fatalf("CheckAccess: %v", err)
	}
	door, err := b.envoy.Check(t.Context(), question(map[string]string{"authorization": "Bearer " + credential}, method, path))
	if err != nil {
		t.Fatalf("Check: %v", err)
	}
	if got := int(door.GetDeniedResponse().GetStatus().GetCode()); got != int(res.GetDenied().GetStatus()) {
		t.Errorf("%s %s: Envoy is told %d, a resource server %d", method, path, got, res.GetDenied().GetStatus())
	}
	return int(res.GetDenied().GetStatus())
}

func question(headers map[string]string, method, path string) *authv3.CheckRequest {
	return &authv3.CheckRequest{Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{
		Http: &authv3.AttributeContext_HttpRequest{Method: method, Path: path, Headers: headers},
	}}}
}

func TestAnAPIKeyOpensItsWorkspacesPlanUntilItIsRevoked(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	created := b.mustKey(t, "ws_acme")
	key := created.GetKey()
	if !secret.Valid(secret.APIKey, key) || created.GetApiKey().GetPrefix() != "vdo_live_" || !strings.HasSuffix(key, created.GetApiKey().GetLastFour()) ||
		len(created.GetApiKey().GetLastFour()) != 4 {
		t.Fatalf("the key's facts are %v", created.GetApiKey())
	}
	res, err := b.access.CheckAccess(t.Context(), &tokenv1.CheckAccessRequest{Token: key, Method: "POST", Path: "/v1/videos/x/export"})
	allowed := res.GetAllowed()
	if err != nil || allowed.GetSub() != created.GetApiKey().GetKeyId() || allowed.GetWorkspaceId() != "ws_acme" || allowed.GetScope() != "" ||
		allowed.GetClientId() != "" || allowed.GetKind() != tokenv1.TokenKind_TOKEN_KIND_API_KEY {
		t.Fatalf("CheckAccess: %v, %v", res, err)
	}
	if got := b.opens(t, b.mustKey(t, "ws_doe").GetKey(), "POST", "/v1/videos/x/export"); got != 403 {
		t.Errorf("a key of a free workspace exports: %d", got)
	}
	for range 2 {
		if _, err := b.keys.RevokeApiKey(t.Context(), &tokenv1.RevokeApiKeyRequest{KeyId: created.GetApiKey().GetKeyId()}); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.opens(t, key, "GET", "/v1/videos"); got != 401 {
		t.Errorf("a revoked key opens: %d", got)
	}
	list, err := b.keys.ListApiKeys(t.Context(), &tokenv1.ListApiKeysRequest{WorkspaceId: "ws_acme"})
	if err != nil || len(list.GetApiKeys()) != 1 || list.GetApiKeys()[0].GetRevokeTime() == nil || strings.Contains(list.String(), key) {
		t.Errorf("ListApiKeys: %v, %v", list, err)
	}
}

func TestAnAPIKeyNeedsAWorkspaceAndAName(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	for name, row := range map[string]struct {
		workspace, name string
		reason          errorv1.Reason
		field           string
	}{
		"no name":                {"ws_acme", "", errorv1.Reason_REASON_INVALID_REQUEST, "name"},
		"spaces":                 {"ws_acme", "  ", errorv1.Reason_REASON_INVALID_REQUEST, "name"},
		"two lines":              {"ws_acme", "a\nb", errorv1.Reason_REASON_INVALID_REQUEST, "name"},
		"turned round":           {"ws_acme", "a\u202eb", errorv1.Reason_REASON_INVALID_REQUEST, "name"},
		"too long":               {"ws_acme", strings.Repeat("ä", 101), errorv1.Reason_REASON_INVALID_REQUEST, "name"},
		"no workspace":           {"", "a", errorv1.Reason_REASON_INVALID_REQUEST, "workspace_id"},
		"a workspace that isn't": {"ws_none", "a", errorv1.Reason_REASON_NOT_FOUND, "workspace_id"},
	} {
		_, err := b.keys.CreateApiKey(t.Context(), &tokenv1.CreateApiKeyRequest{WorkspaceId: row.workspace, Name: row.name})
		if oerr.Reason(err) != row.reason || oerr.Field(err) != row.field {
			t.Errorf("%s: %v about %q", name, err, oerr.Field(err))
		}
	}
	if _, err := b.keys.CreateApiKey(t.Context(), &tokenv1.CreateApiKeyRequest{WorkspaceId: "ws_acme", Name: strings.Repeat("ä", 100)}); err != nil {
		t.Errorf("a hundred characters: %v", err)
	}
	_, err := b.keys.RevokeApiKey(t.Context(), &tokenv1.RevokeApiKeyRequest{KeyId: "key_none"})
	wantReason(t, err, errorv1.Reason_REASON_NOT_FOUND)
}

// TestSecurityCase77_TheBypassIsEarnedByLookUpAndNotByThePrefix: also in headers where a key has no
// business.
func TestSecurityCase77_TheBypassIsEarnedByLookUpAndNotByThePrefix(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	pair, key := b.mustRedeem(t, "code-1"), b.mustKey(t, "ws_acme").GetKey()
	body := strings.TrimPrefix(pair.GetAccessToken(), "vdo_oat_")
	for name, credential := range map[string]string{
		"the prefix": "vdo_live_", "short": "vdo_live_x", "an access token's body": "vdo_live_" + body,
		"never issued": secret.Generate(secret.APIKey).Reveal(), "upper case": strings.ToUpper(key[:9]) + key[9:],
		"as an access token": "vdo_oat_" + strings.TrimPrefix(key, "vdo_live_"), "the documents' example": "vdo_live_example",
		"a refresh token": pair.GetRefreshToken(),
	} {
		if got := b.opens(t, credential, "GET", "/v1/videos"); got != 401 {
			t.Errorf("%s: %d, want 401", name, got)
		}
	}
	for name, headers := range map[string]map[string]string{
		"X-Api-Key": {"x-api-key": key}, "a cookie": {"cookie": "api_key=" + key}, "two headers": {"authorization": "Bearer " + key + ",Bearer " + pair.GetAccessToken()},
		"two in one": {"authorization": "Bearer " + key + ", Bearer " + key}, "two words": {"authorization": "Bearer " + key + " " + key},
		"Basic": {"authorization": "Basic " + key}, "nothing": nil, "Proxy-Authorization": {"proxy-authorization": "Bearer " + key},
	} {
		res, err := b.envoy.Check(t.Context(), question(headers, "GET", "/v1/videos?api_key="+key+"&access_token="+key))
		if err != nil || res.GetDeniedResponse().GetStatus().GetCode() != 401 {
			t.Errorf("%s: %v, %v, want 401", name, res, err)
		}
	}
}

// TestSecurityCase80_AnAPIKeyMintsRevokesAndReadsNothing: and dies with its workspace.
func TestSecurityCase80_AnAPIKeyMintsRevokesAndReadsNothing(t *testing.T) {
	config := token.DefaultConfig()
	config.PlanAge = 0
	b := newBench(t, config)
	key := b.mustKey(t, "ws_acme").GetKey()
	_, err := b.oauth.IssueToken(t.Context(), &tokenv1.IssueTokenRequest{GrantType: "authorization_code", Code: "code-1", RedirectUri: callback, CodeVerifier: verifier, ClientId: "app", ClientSecret: key})
	wantReason(t, err, errorv1.Reason_REASON_INVALID_CLIENT)
	_, err = b.redeem(t.Context(), key)
	wantReason(t, err, errorv1.Reason_REASON_INVALID_CODE)
	_, err = b.refresh(t.Context(), key)
	wantReason(t, err, errorv1.Reason_REASON_INVALID_REFRESH_TOKEN)
	if _, err := b.oauth.RevokeToken(t.Context(), &tokenv1.RevokeTokenRequest{Token: key}); err != nil {
		t.Errorf("RevokeToken: %v", err)
	}
	if got := b.opens(t, key, "GET", "/v1/videos"); got != 0 {
		t.Errorf("the key ended through the revocation endpoint: %d", got)
	}
	res, err := b.oauth.IntrospectClientToken(t.Context(), &tokenv1.IntrospectClientTokenRequest{Token: key, ClientId: "server", ClientSecret: "secret"})
	if err != nil || res.GetActive() {
		t.Errorf("over HTTP the key is active: %v, %v", res, err)
	}
	b.directory.set("ws_acme", "")
	if got := b.opens(t, key, "GET", "/v1/videos"); got != 401 {
		t.Errorf("the key outlived its workspace: %d", got)
	}
}

func TestWireContract6_AChangeOfPlanEndsNoToken(t *testing.T) {
	config := token.DefaultConfig()
	config.PlanAge = 0
	b := newBench(t, config)
	pair := b.mustRedeem(t, "code-1")
	if got := b.opens(t, pair.GetAccessToken(), "POST", "/v1/videos/x/analyze"); got != 0 {
		t.Errorf("pro: %d", got)
	}
	b.directory.set("ws_acme", "unheard-of")
	if got := b.opens(t, pair.GetAccessToken(), "GET", "/v1/videos"); got != 403 {
		t.Errorf("a plan that the catalog does not know: %d, want 403", got)
	}
	b.directory.set("ws_acme", "free")
	if got := b.opens(t, pair.GetAccessToken(), "GET", "/v1/videos"); got != 0 {
		t.Errorf("free: %d", got)
	}
}

func TestRule4_APlanThatCannotBeKnownIsUnavailableAtEachDoor(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	b.directory.fail(status.Error(codes.Unavailable, "connection refused"))
	pair := b.mustRedeem(t, "code-1")
	_, err := b.access.CheckAccess(t.Context(), &tokenv1.CheckAccessRequest{Token: pair.GetAccessToken(), Method: "GET", Path: "/v1/videos"})
	wantReason(t, err, errorv1.Reason_REASON_UNAVAILABLE)
	res, err := b.envoy.Check(t.Context(), question(map[string]string{"authorization": "Bearer " + pair.GetAccessToken()}, "GET", "/v1/videos"))
	denied := res.GetDeniedResponse()
	if err != nil || denied.GetStatus().GetCode() != 503 || header(denied, "Retry-After") != "2" || res.GetStatus().GetCode() == 0 {
		t.Errorf("Check: %v, %v, want 503 with Retry-After", res, err)
	}
	_, err = b.keys.CreateApiKey(t.Context(), &tokenv1.CreateApiKeyRequest{WorkspaceId: "ws_acme", Name: "a"})
	wantReason(t, err, errorv1.Reason_REASON_UNAVAILABLE)
	b.directory.fail(nil)
	if got := b.opens(t, pair.GetAccessToken(), "GET", "/v1/videos"); got != 0 {
		t.Errorf("identity is back: %d", got)
	}
}

func header(r *authv3.DeniedHttpResponse, name string) string {
	for _, h := range r.GetHeaders() {
		if h.GetHeader().GetKey() == name {
			return h.GetHeader().GetValue()
		}
	}
	return ""
}

func TestTheDevelopmentKeyIsDrawnOnceAndRefusedInProduction(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	b.mustKey(t, "ws_doe")
	if err := b.service.RefuseFixtures(t.Context()); err != nil {
		t.Errorf("a database without the key: %v", err)
	}
	key, err := b.service.SeedDevelopment(t.Context())
	if err != nil || key.IsZero() || b.opens(t, key.Reveal(), "POST", "/v1/videos/x/export") != 0 {
		t.Fatalf("SeedDevelopment: %v", err)
	}
	if again, err := b.service.SeedDevelopment(t.Context()); err != nil || !again.IsZero() {
		t.Errorf("the second time: %v", err)
	}
	if _, err := b.keys.RevokeApiKey(t.Context(), &tokenv1.RevokeApiKeyRequest{KeyId: "key_development"}); err != nil {
		t.Fatal(err)
	}
	if again, err := b.service.SeedDevelopment(t.Context()); err != nil || !again.IsZero() {
		t.Errorf("after its end: %v", err)
	}
	if err := b.service.RefuseFixtures(t.Context()); err == nil {
		t.Error("production starts on a development database")
	}
}

func TestAKeyDiesWithItsWorkspaceAtEveryQuestion(t *testing.T) {
	config := token.DefaultConfig()
	config.PlanAge = 0
	b := newBench(t, config)
	b.directory.set("ws_gone", "pro")
	key := b.mustKey(t, "ws_gone").GetKey()
	ask := func() bool {
		t.Helper()
		one, err := b.introspect.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: key})
		if err != nil {
			t.Fatal(err)
		}
		many, err := b.introspect.BatchIntrospectTokens(t.Context(), &tokenv1.BatchIntrospectTokensRequest{Tokens: []string{key}})
		if err != nil || many.GetAnswers()[0].GetActive() != one.GetActive() {
			t.Fatalf("alone it is active: %t, in a batch: %v %v", one.GetActive(), many, err)
		}
		return one.GetActive()
	}
	if !ask() {
		t.Fatal("a fresh key is not active")
	}
	b.directory.set("ws_gone", "")
	if ask() {
		t.Error("the key outlives its workspace")
	}
}
