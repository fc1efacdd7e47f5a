package enforcement

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/harness"
)

// person is somebody of a test's own, with one of everything that may end.
type person struct {
	id, email string
	browser   *harness.Browser
	acme, doe harness.Tokens
	user      string
}

// operator reaches the services that an operator administers.
type operator struct {
	people identityv1.AdministrationServiceClient
	apps   authzv1.AdministrationServiceClient
	ends   tokenv1.EndingServiceClient
}

func newOperator(t *testing.T) operator {
	t.Helper()
	identity, err := shared.deployment.Dial("operator", "identity")
	must(t, err)
	t.Cleanup(func() { _ = identity.Close() })
	authz, err := shared.deployment.Dial("operator", "authz")
	must(t, err)
	t.Cleanup(func() { _ = authz.Close() })
	return operator{
		identityv1.NewAdministrationServiceClient(identity), authzv1.NewAdministrationServiceClient(authz),
		tokenv1.NewEndingServiceClient(dial(t, "operator")),
	}
}

// hire adds a person to both workspaces, who connects an app in each and signs in at the user API.
func (o operator) hire(t *testing.T) person {
	t.Helper()
	p := person{email: strings.ToLower(t.Name()) + "@example.com"}
	res, err := o.people.CreateUser(t.Context(), &identityv1.CreateUserRequest{
		EmailAddress: p.email, FirstName: "Pat", LastName: "Doe", Password: harness.UserPassword,
	})
	must(t, err)
	p.id = res.GetUser().GetUserId()
	for _, workspace := range []string{"ws_acme", "ws_doe"} {
		_, err := o.people.AddMember(t.Context(), &identityv1.AddMemberRequest{UserId: p.id, WorkspaceId: workspace, Role: identityv1.Role_ROLE_MEMBER})
		must(t, err)
	}
	d := shared.deployment
	p.browser = d.NewBrowser()
	p.acme, err = d.Issue(p.browser, harness.Request{Email: p.email, Workspace: "ws_acme"})
	must(t, err)
	p.doe, err = d.Issue(p.browser, harness.Request{Email: p.email, Workspace: "ws_doe"})
	must(t, err)
	var status int
	if p.user, status = userToken(t, p.email, harness.UserPassword); status != http.StatusOK {
		t.Fatalf("signing in at the user API: %d", status)
	}
	return p
}

// activeEverywhere asks every replica of the token service; they must agree.
func activeEverywhere(t *testing.T, token string) bool {
	t.Helper()
	var first bool
	for i, addr := range shared.deployment.TokenAddrs {
		conn, err := shared.deployment.DialAt("video-api", "token", addr)
		must(t, err)
		active := introspect(t, conn, token)
		_ = conn.Close() // one question
		if i == 0 {
			first = active
		}
		if active != first {
			t.Errorf("replica %d says %t, the first says %t", i, active, first)
		}
	}
	return first
}

func introspect(t *testing.T, conn *grpc.ClientConn, token string) bool {
	t.Helper()
	res, err := tokenv1.NewIntrospectionServiceClient(conn).IntrospectToken(context.Background(), &tokenv1.IntrospectTokenRequest{Token: token})
	must(t, err)
	return res.GetActive()
}

// wantActive holds a person's credentials to what should be left of them, at every replica, and their refresh tokens likewise.
func (p person) wantActive(t *testing.T, acme, doe, user bool) {
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
		must(t, err)
		if (a.Status == http.StatusOK) != row.want {
			t.Errorf("refreshing the %s token: %d, want success %t", name, a.Status, row.want)
		}
	}
	a := send(t, http.MethodGet, "/api/v1/user/"+p.email, "", bearer(p.user)...)
	if (a.Status == http.StatusOK) != user || !user && a.Text("name") != "ExpiredAccessTokenException" {
		t.Errorf("the user token at the user API: %d %s", a.Status, a.Raw)
	}
}

// signedIn reports whether the browser's session is alive.
func (p person) signedIn(t *testing.T) bool {
	t.Helper()
	page, err := p.browser.Get("/account/connected-apps")
	must(t, err)
	return page.Status == http.StatusOK
}

// TestCase53_DisablingAUserEndsEverythingAndEnablingBringsNothingBack.
func TestCase53_DisablingAUserEndsEverythingAndEnablingBringsNothingBack(t *testing.T) {
	o := newOperator(t)
	p := o.hire(t)
	code, err := p.browser.Approve(harness.Request{Email: p.email})
	must(t, err)
	for range 2 { // it may be repeated
		_, err = o.ends.DisableUser(t.Context(), &tokenv1.DisableUserRequest{UserId: p.id})
		must(t, err)
	}
	p.wantActive(t, false, false, false)
	a, err := shared.deployment.Exchange(code, harness.Request{})
	must(t, err)
	wantStatus(t, a, http.StatusUnauthorized) // case 45: a code in flight
	if p.signedIn(t) {
		t.Error("the browser is still signed in")
	}
	if _, status := userToken(t, p.email, harness.UserPassword); status != http.StatusBadRequest {
		t.Errorf("a disabled user signs in: %d", status)
	}
	_, err = o.people.EnableUser(t.Context(), &identityv1.EnableUserRequest{UserId: p.id})
	must(t, err)
	p.wantActive(t, false, false, false)
	if _, status := userToken(t, p.email, harness.UserPassword); status != http.StatusOK {
		t.Errorf("an enabled user cannot sign in: %d", status)
	}
}

// TestWire8_ANewPasswordEndsWhatTheOldOneOpened, and leaves apps connected.
func TestWire8_ANewPasswordEndsWhatTheOldOneOpened(t *testing.T) {
	o := newOperator(t)
	p := o.hire(t)
	_, err := o.ends.SetPassword(t.Context(), &tokenv1.SetPasswordRequest{UserId: p.id, Password: "another password"})
	must(t, err)
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

// TestCase53_RemovingAMemberEndsThatWorkspaceAlone, and theft of a surviving token is still noticed.
func TestCase53_RemovingAMemberEndsThatWorkspaceAlone(t *testing.T) {
	o := newOperator(t)
	p := o.hire(t)
	_, err := o.ends.RemoveMember(t.Context(), &tokenv1.RemoveMemberRequest{UserId: p.id, WorkspaceId: "ws_acme"})
	must(t, err)
	p.wantActive(t, false, true, true) // which has refreshed the surviving one
	a, err := shared.deployment.Refresh(p.doe.Refresh)
	must(t, err)
	wantStatus(t, a, http.StatusUnauthorized)
	if activeEverywhere(t, p.doe.Access) {
		t.Error("a spent refresh token of the other workspace came again, and its access token lives")
	}
}

// TestWire8_RevokingAnAuthenticationAppEndsItsTokens, and no others; its secrets overlap in a rotation.
func TestWire8_RevokingAnAuthenticationAppEndsItsTokens(t *testing.T) {
	o := newOperator(t)
	p := o.hire(t)
	app, err := o.people.CreateAuthenticationApp(t.Context(), &identityv1.CreateAuthenticationAppRequest{Name: t.Name(), WorkspaceId: "ws_acme"})
	must(t, err)
	id := app.GetAuthenticationApp().GetAuthenticationAppId()
	vouch := func(secret string) (string, int) {
		shared.deployment.RecordSecret("client secret", secret)
		req, err := http.NewRequest(http.MethodPost, shared.deployment.PublicURL+"/api/v1/user/authenticate",
			strings.NewReader(`{"emailAddress":"`+p.email+`","clientSecret":"`+secret+`"}`))
		must(t, err)
		req.Header.Set("Content-Type", "application/json")
		text, status, err := harness.SendText(req)
		must(t, err)
		return strings.Trim(strings.TrimSpace(text), `"`), status
	}
	token, status := vouch(app.GetClientSecret())
	if status != http.StatusOK || !activeEverywhere(t, token) {
		t.Fatalf("the app's secret: %d", status)
	}
	next, err := o.people.RotateAuthenticationAppSecret(t.Context(), &identityv1.RotateAuthenticationAppSecretRequest{AuthenticationAppId: id, OverlapSeconds: 60})
	must(t, err)
	for name, secret := range map[string]string{"old": app.GetClientSecret(), "new": next.GetClientSecret()} {
		if _, status := vouch(secret); status != http.StatusOK {
			t.Errorf("the %s secret during the overlap: %d", name, status)
		}
	}
	_, err = o.ends.RevokeAuthenticationApp(t.Context(), &tokenv1.RevokeAuthenticationAppRequest{AuthenticationAppId: id})
	must(t, err)
	if activeEverywhere(t, token) {
		t.Error("the app's token lives")
	}
	if _, status := vouch(next.GetClientSecret()); status != http.StatusBadRequest {
		t.Errorf("a revoked app vouches: %d", status)
	}
	p.wantActive(t, true, true, true)
}

// TestWire6_AChangeOfPlanCountsAtOnceAndEndsNothing at four doors.
func TestWire6_AChangeOfPlanCountsAtOnceAndEndsNothing(t *testing.T) {
	o := newOperator(t)
	res, err := o.people.CreateWorkspace(t.Context(), &identityv1.CreateWorkspaceRequest{Name: "Planned", Plan: "pro"})
	must(t, err)
	workspace := res.GetWorkspace().GetWorkspaceId()
	key := apiKey(t, workspace).GetKey()
	export := endpoint{method: http.MethodPost, path: "/v1/videos/vid_1/export"}
	all := doors(t)
	for name, ask := range all {
		wantVerdict(t, name, ask, key, export, verdict{status: http.StatusOK})
	}
	_, err = o.ends.SetWorkspacePlan(t.Context(), &tokenv1.SetWorkspacePlanRequest{WorkspaceId: workspace, Plan: "free"})
	must(t, err)
	for name, ask := range all {
		eventually(t, name+" goes by the new plan", func() bool {
			got, err := ask(t.Context(), key, export.method, export.path)
			must(t, err)
			return got.code == "plan_restricted"
		})
		wantVerdict(t, name, ask, key, endpoint{method: http.MethodGet, path: "/v1/videos"}, verdict{status: http.StatusOK})
	}
}
