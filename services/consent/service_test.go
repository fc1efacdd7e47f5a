package consent_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

func TestTheWayOfAnApp(t *testing.T) {
	b := newBench(t)
	want := &consentv1.GetPromptResponse{
		ClientName: "Example App", RedirectOrigin: "https://yourapp.com", DisplayName: "John Doe", EmailAddress: "john@example.com",
		Workspaces: []*consentv1.PromptWorkspace{{WorkspaceId: "ws_acme", Name: "Acme", Plan: "pro", Role: "administrator", Access: consentv1.WorkspaceAccess_WORKSPACE_ACCESS_OPEN}},
		Page:       &consentv1.Page{ClientId: "app"},
	}
	got := b.prompt(t)
	if diff := cmp.Diff(want, got, protocmp.Transform(), protocmp.IgnoreFields(want, "scopes")); diff != "" {
		t.Errorf("prompt (-want +got):\n%s", diff)
	}
	if s := got.GetScopes(); len(s) != 2 || s[0].GetName() != "videos:read" || s[0].GetDescription() == s[0].GetName() {
		t.Errorf("scopes %v, want both with the catalog's words", s)
	}

	decided, err := b.consents.Decide(t.Context(), approval())
	if err != nil {
		t.Fatalf("Decide: %v", err)
	}
	if decided.GetLocation() != "https://yourapp.com/callback?code=1" {
		t.Errorf("the browser goes to %q", decided.GetLocation())
	}
	if a := b.peers.completed.GetApproval(); a.GetWorkspaceId() != "ws_acme" || a.GetDisplayName() != "John Doe" {
		t.Errorf("authz completes with %v", a)
	}

	listed := b.list(t)
	if since := time.Since(listed[0].GetApproveTime().AsTime()).Abs(); since > time.Minute {
		t.Errorf("approved %s ago", since)
	}
	wantApp := &consentv1.ConnectedApp{
		ClientId: "app", ClientName: "Example App", ApproveTime: listed[0].GetApproveTime(), FirstApproveTime: listed[0].GetApproveTime(),
		Workspaces: []*consentv1.ConnectedWorkspace{
			{WorkspaceId: "ws_acme", Name: "Acme", Scopes: []string{"videos:read", "analyze:write"}},
		},
	}
	if diff := cmp.Diff([]*consentv1.ConnectedApp{wantApp}, listed, protocmp.Transform()); diff != "" {
		t.Errorf("apps (-want +got):\n%s", diff)
	}
	used := timestamppb.New(time.Date(2026, 5, 6, 7, 8, 0, 0, time.UTC))
	b.peers.set(func(p *peers) { p.used = used })
	if got := b.list(t)[0].GetLastUseTime(); !got.AsTime().Equal(used.AsTime()) {
		t.Errorf("last used at %s, want %s", got.AsTime(), used.AsTime())
	}

	for range 2 {
		if _, err := b.apps.DisconnectApp(t.Context(), &consentv1.DisconnectAppRequest{SessionToken: "john", ClientId: "app"}); err != nil {
			t.Fatalf("DisconnectApp: %v", err)
		}
	}
	if apps := b.list(t); len(apps) != 0 {
		t.Errorf("%d apps are connected after the last was disconnected", len(apps))
	}
}

func (b bench) list(t *testing.T) []*consentv1.ConnectedApp {
	t.Helper()
	res, err := b.apps.ListConnectedApps(t.Context(), &consentv1.ListConnectedAppsRequest{SessionToken: "john"})
	if err != nil {
		t.Fatalf("ListConnectedApps: %v", err)
	}
	return res.GetApps()
}

// TestTheLifetimesAreThoseOfTheTokenService, on the consent page and on that of the connected clients.
func TestTheLifetimesAreThoseOfTheTokenService(t *testing.T) {
	for _, lives := range [][2]int64{{60, 3600}, {}} { // release 0.1 sends none
		b := newBench(t)
		b.peers.set(func(p *peers) { p.lives = lives })
		prompt := b.prompt(t)
		if got := [2]int64{prompt.GetRefreshTokenLifetimeSeconds(), prompt.GetFamilyLifetimeSeconds()}; got != lives {
			t.Errorf("the prompt has %v, want %v", got, lives)
		}
		if _, err := b.consents.Decide(t.Context(), approval()); err != nil {
			t.Fatal(err)
		}
		app := b.list(t)[0]
		if got := [2]int64{app.GetRefreshTokenLifetimeSeconds(), app.GetFamilyLifetimeSeconds()}; got != lives {
			t.Errorf("the connected app has %v, want %v", got, lives)
		}
	}
}

func TestADenialTellsAuthzSo(t *testing.T) {
	b := newBench(t)
	b.prompt(t)
	req := approval()
	req.Decision = consentv1.Decision_DECISION_DENY
	if _, err := b.consents.Decide(t.Context(), req); err != nil {
		t.Fatalf("Decide: %v", err)
	}
	if b.peers.completed.GetDenial() == nil || b.peers.completed.GetUserId() != "usr_john" {
		t.Errorf("authz completes with %v", b.peers.completed)
	}
	if apps := b.list(t); len(apps) != 0 {
		t.Errorf("%d apps are connected after a denial", len(apps))
	}
}

func TestThousandsOfAppsAreNamedInBatches(t *testing.T) {
	b := newBench(t)
	const apps = 1001
	steps := make([]*sqldb.Statement, apps)
	for i := range steps {
		hash := secret.Sum(fmt.Sprint(i))
		steps[i] = sqldb.Stmt(`INSERT INTO consents VALUES ($1, 'usr_john', $2, 'ws_acme', 'videos:read', 0, 1)`,
			hash.Bytes(), fmt.Sprintf("app_%d", i))
	}
	if err := b.db.Pipeline(t.Context(), steps...); err != nil {
		t.Fatal(err)
	}
	if got := len(b.list(t)); got != apps {
		t.Errorf("%d apps are listed, want %d", got, apps)
	}
	if diff := cmp.Diff([]int{1000, 1}, b.peers.asked); diff != "" {
		t.Errorf("clients asked for (-want +got):\n%s", diff)
	}
}

func TestADatabaseThatIsGoneIsUnavailable(t *testing.T) {
	b := newBench(t)
	b.prompt(t)
	if err := b.db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := b.consents.Decide(t.Context(), approval())
	wantReason(t, err, errorv1.Reason_REASON_UNAVAILABLE, "")
	_, err = b.apps.ListConnectedApps(t.Context(), &consentv1.ListConnectedAppsRequest{SessionToken: "john"})
	wantReason(t, err, errorv1.Reason_REASON_UNAVAILABLE, "")
	// Disconnecting needs only the token service.
	if _, err := b.apps.DisconnectApp(t.Context(), &consentv1.DisconnectAppRequest{SessionToken: "john", ClientId: "app"}); err != nil {
		t.Errorf("DisconnectApp without the database: %v, want success", err)
	}
}

func TestATokenServiceThatIsGoneIsUnavailable(t *testing.T) {
	b := newBench(t)
	b.prompt(t)
	b.peers.set(func(p *peers) { p.down = status.Error(codes.Unavailable, "gone") })
	_, err := b.consents.Decide(t.Context(), approval())
	wantReason(t, err, errorv1.Reason_REASON_UNAVAILABLE, "")
	_, err = b.apps.DisconnectApp(t.Context(), &consentv1.DisconnectAppRequest{SessionToken: "john", ClientId: "app"})
	wantReason(t, err, errorv1.Reason_REASON_UNAVAILABLE, "")
}

func wantReason(t *testing.T, err error, reason errorv1.Reason, field string) {
	t.Helper()
	if oerr.Reason(err) != reason || oerr.Field(err) != field {
		t.Errorf("%v (%s, field %q), want %s, field %q", err, oerr.Reason(err), oerr.Field(err), reason, field)
	}
}
