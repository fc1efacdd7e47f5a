package enforcement

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// testUser is a user of one test, with one of each revocable credential.
type testUser struct {
	id, email string
	browser   *harness.Browser
	acme, doe harness.Tokens
	user      string
}

// operatorClients are the gRPC clients of the services that an operator administers.
type operatorClients struct {
	users   identityv1.AdministrationServiceClient
	clients authzv1.AdministrationServiceClient
	revoker tokenv1.EndingServiceClient
}

func newOperatorClients(t *testing.T) operatorClients {
	t.Helper()
	identity, err := shared.deployment.Dial("operator", "identity")
	expect.NoError(t, err)
	t.Cleanup(func() { _ = identity.Close() })
	authz, err := shared.deployment.Dial("operator", "authz")
	expect.NoError(t, err)
	t.Cleanup(func() { _ = authz.Close() })
	return operatorClients{
		identityv1.NewAdministrationServiceClient(identity), authzv1.NewAdministrationServiceClient(authz),
		tokenv1.NewEndingServiceClient(dial(t, "operator")),
	}
}

// createUser creates a user in both workspaces, who approves a client in each and signs in at the
// user API.
func (o operatorClients) createUser(t *testing.T) testUser {
	t.Helper()
	p := testUser{email: strings.ToLower(t.Name()) + "@example.com"}
	res, err := o.users.CreateUser(t.Context(), &identityv1.CreateUserRequest{
		EmailAddress: p.email, FirstName: "Pat", LastName: "Doe", Password: harness.UserPassword,
	})
	expect.NoError(t, err)
	p.id = res.GetUser().GetUserId()
	for _, workspace := range []string{"ws_acme", "ws_doe"} {
		_, err := o.users.AddMember(t.Context(), &identityv1.AddMemberRequest{UserId: p.id, WorkspaceId: workspace, Role: identityv1.Role_ROLE_MEMBER})
		expect.NoError(t, err)
	}
	d := shared.deployment
	p.browser = d.NewBrowser()
	p.acme, err = d.Issue(p.browser, harness.Request{Email: p.email, Workspace: "ws_acme"})
	expect.NoError(t, err)
	p.doe, err = d.Issue(p.browser, harness.Request{Email: p.email, Workspace: "ws_doe"})
	expect.NoError(t, err)
	var status int
	if p.user, status = userToken(t, p.email, harness.UserPassword); status != http.StatusOK {
		t.Fatalf("signing in at the user API: %d", status)
	}
	return p
}

// activeEverywhere introspects a token at every replica of the token service, which must agree.
func activeEverywhere(t *testing.T, token string) bool {
	t.Helper()
	var first bool
	for i, addr := range shared.deployment.TokenAddrs {
		conn, err := shared.deployment.DialAt("video-api", "token", addr)
		expect.NoError(t, err)
		active := introspect(t, conn, token)
		_ = conn.Close() // used for one call
		if i == 0 {
			first = active
		}
		if active != first {
			t.Errorf("replica %d returns %t, the first returns %t", i, active, first)
		}
	}
	return first
}

func introspect(t *testing.T, conn *grpc.ClientConn, token string) bool {
	t.Helper()
	res, err := tokenv1.NewIntrospectionServiceClient(conn).IntrospectToken(context.Background(), &tokenv1.IntrospectTokenRequest{Token: token})
	expect.NoError(t, err)
	return res.GetActive()
}

// wantActive checks which of a user's access tokens are active, at every replica, and that their
// refresh tokens agree.
func (p testUser) wantActive(t *testing.T, acme, doe, user bool) {
	t.Helper()
	for name, row := range map[string]struct {
		token string
		want  bool
	}{"acme": {p.acme.Access, acme}, "doe": {p.doe.Access, doe}, "user": {p.user, user}} {
		if got := activeEverywhere(t, row.token); got != row.want {
			t.Errorf("the %s token is active: %t, want %t", name, got, row.want)
		}
	}
	for name, row := range map[string]struct {
		token string
		want  bool
	}{"acme": {p.acme.Refresh, acme}, "doe": {p.doe.Refresh, doe}} {
		a, err := shared.deployment.Refresh(row.token)
		expect.NoError(t, err)
		if (a.Status == http.StatusOK) != row.want {
			t.Errorf("refreshing the %s token: %d, want success %t", name, a.Status, row.want)
		}
	}
	a := send(t, http.MethodGet, "/api/v1/user/"+p.email, "", bearer(p.user)...)
	if (a.Status == http.StatusOK) != user || !user && a.Text("name") != "ExpiredAccessTokenException" {
		t.Errorf("the user token at the user API: %d %s", a.Status, a.Raw)
	}
}

// signedIn reports whether the browser's session is valid.
func (p testUser) signedIn(t *testing.T) bool {
	t.Helper()
	page, err := p.browser.Get("/account/connected-apps")
	expect.NoError(t, err)
	return page.Status == http.StatusOK
}

// TestCase53_DisablingAUserEndsEverythingAndEnablingBringsNothingBack.
func TestCase53_DisablingAUserEndsEverythingAndEnablingBringsNothingBack(t *testing.T) {
	o := newOperatorClients(t)
	p := o.createUser(t)
	code, err := p.browser.Approve(harness.Request{Email: p.email})
	expect.NoError(t, err)
	for range 2 { // disabling is idempotent
		_, err = o.revoker.DisableUser(t.Context(), &tokenv1.DisableUserRequest{UserId: p.id})
		expect.NoError(t, err)
	}
	p.wantActive(t, false, false, false)
	a, err := shared.deployment.Exchange(code, harness.Request{})
	expect.NoError(t, err)
	wantStatus(t, a, http.StatusUnauthorized) // case 45: an unredeemed code
	if p.signedIn(t) {
		t.Error("the browser is still signed in")
	}
	if _, status := userToken(t, p.email, harness.UserPassword); status != http.StatusBadRequest {
		t.Errorf("a disabled user signs in: %d", status)
	}
	_, err = o.users.EnableUser(t.Context(), &identityv1.EnableUserRequest{UserId: p.id})
	expect.NoError(t, err)
	p.wantActive(t, false, false, false)
	if _, status := userToken(t, p.email, harness.UserPassword); status != http.StatusOK {
		t.Errorf("an enabled user cannot sign in: %d", status)
	}
}

// TestWire8_ANewPasswordRevokesSessionsAndUserTokens: sessions and user tokens; grants to clients
// stay.
func TestWire8_ANewPasswordRevokesSessionsAndUserTokens(t *testing.T) {
	o := newOperatorClients(t)
	p := o.createUser(t)
	_, err := o.revoker.SetPassword(t.Context(), &tokenv1.SetPasswordRequest{UserId: p.id, Password: "another password"})
	expect.NoError(t, err)
	p.wantActive(t, true, true, false)
	if p.signedIn(t) {
		t.Error("the browser is still signed in")
	}
	if _, status := userToken(t, p.email, harness.UserPassword); status != http.StatusBadRequest {
		t.Errorf("the old password works: %d", status)
	}
	if _, status := userToken(t, p.email, "another password"); status != http.StatusOK {
		t.Errorf("the new password does not work: %d", status)
	}
}

// TestWire8_APasswordThatIsNotAllowedRevokesNothing: not one session or user token, also for the parts of
// the rule that only identity knows.
func TestWire8_APasswordThatIsNotAllowedRevokesNothing(t *testing.T) {
	o := newOperatorClients(t)
	p := o.createUser(t)
	for name, password := range map[string]string{
		"short": "12345678901", "a tab": "another\tpassword", "a zero-width character": "another\u200bpassword", "a NUL": "another\x00password",
		"long": strings.Repeat("x", 1025), "long once composed": strings.Repeat("\u0958", 341),
	} {
		_, err := o.revoker.SetPassword(t.Context(), &tokenv1.SetPasswordRequest{UserId: p.id, Password: password})
		if oerr.Reason(err) != errorv1.Reason_REASON_INVALID_REQUEST || oerr.Field(err) != "password" {
			t.Errorf("%s: %v, want INVALID_REQUEST of password", name, err)
		}
	}
	p.wantActive(t, true, true, true)
	if !p.signedIn(t) {
		t.Error("the browser is signed out")
	}
	if _, status := userToken(t, p.email, harness.UserPassword); status != http.StatusOK {
		t.Errorf("the old password does not work: %d", status)
	}
}

// TestCase53_RemovingAMemberEndsThatWorkspaceAlone, and reuse of a surviving refresh token is still
// detected.
func TestCase53_RemovingAMemberEndsThatWorkspaceAlone(t *testing.T) {
	o := newOperatorClients(t)
	p := o.createUser(t)
	_, err := o.revoker.RemoveMember(t.Context(), &tokenv1.RemoveMemberRequest{UserId: p.id, WorkspaceId: "ws_acme"})
	expect.NoError(t, err)
	p.wantActive(t, false, true, true) // wantActive has rotated the surviving refresh token
	a, err := shared.deployment.Refresh(p.doe.Refresh)
	expect.NoError(t, err)
	wantStatus(t, a, http.StatusUnauthorized)
	if activeEverywhere(t, p.doe.Access) {
		t.Error("a rotated refresh token of the other workspace was reused, and its access token is active")
	}
}

// TestWire8_RevokingAnAuthenticationAppEndsItsTokens, and no others; during a rotation both of its
// secrets are valid.
func TestWire8_RevokingAnAuthenticationAppEndsItsTokens(t *testing.T) {
	o := newOperatorClients(t)
	p := o.createUser(t)
	oauthClient, err := o.users.CreateAuthenticationApp(t.Context(), &identityv1.CreateAuthenticationAppRequest{Name: t.Name(), WorkspaceId: "ws_acme"})
	expect.NoError(t, err)
	id := oauthClient.GetAuthenticationApp().GetAuthenticationAppId()
	vouch := func(secret string) (string, int) {
		shared.deployment.RecordSecret("client secret", secret)
		req, err := http.NewRequest(http.MethodPost, shared.deployment.PublicURL+"/api/v1/user/authenticate",
			strings.NewReader(`{"emailAddress":"`+p.email+`","clientSecret":"`+secret+`"}`))
		expect.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		text, status, err := harness.SendText(req)
		expect.NoError(t, err)
		return strings.Trim(strings.TrimSpace(text), `"`), status
	}
	token, status := vouch(oauthClient.GetClientSecret())
	if status != http.StatusOK || !activeEverywhere(t, token) {
		t.Fatalf("the app's secret: %d", status)
	}
	next, err := o.users.RotateAuthenticationAppSecret(t.Context(), &identityv1.RotateAuthenticationAppSecretRequest{AuthenticationAppId: id, OverlapSeconds: 60})
	expect.NoError(t, err)
	for name, secret := range map[string]string{"old": oauthClient.GetClientSecret(), "new": next.GetClientSecret()} {
		if _, status := vouch(secret); status != http.StatusOK {
			t.Errorf("the %s secret during the overlap: %d", name, status)
		}
	}
	_, err = o.revoker.RevokeAuthenticationApp(t.Context(), &tokenv1.RevokeAuthenticationAppRequest{AuthenticationAppId: id})
	expect.NoError(t, err)
	if activeEverywhere(t, token) {
		t.Error("the authentication app's token is active")
	}
	if _, status := vouch(next.GetClientSecret()); status != http.StatusBadRequest {
		t.Errorf("a revoked authentication app signs in: %d", status)
	}
	p.wantActive(t, true, true, true)
}

// TestWire6_AChangeOfPlanCountsAtOnceAndEndsNothing at four surfaces.
func TestWire6_AChangeOfPlanCountsAtOnceAndEndsNothing(t *testing.T) {
	o := newOperatorClients(t)
	res, err := o.users.CreateWorkspace(t.Context(), &identityv1.CreateWorkspaceRequest{Name: "Planned", Plan: "pro"})
	expect.NoError(t, err)
	workspace := res.GetWorkspace().GetWorkspaceId()
	key := apiKey(t, workspace).GetKey()
	export := endpoint{method: http.MethodPost, path: "/v1/videos/vid_1/export"}
	all := surfaces(t)
	for name, check := range all {
		wantDecision(t, name, check, key, export, decision{status: http.StatusOK})
	}
	_, err = o.revoker.SetWorkspacePlan(t.Context(), &tokenv1.SetWorkspacePlanRequest{WorkspaceId: workspace, Plan: "free"})
	expect.NoError(t, err)
	for name, check := range all {
		eventually(t, name+" goes by the new plan", func() bool {
			got, err := check(t.Context(), key, export.method, export.path)
			expect.NoError(t, err)
			return got.code == "plan_restricted"
		})
		wantDecision(t, name, check, key, endpoint{method: http.MethodGet, path: "/v1/videos"}, decision{status: http.StatusOK})
	}
}
