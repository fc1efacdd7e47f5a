package authz_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/services/authz/internal/authztest"
)

// The sessions of the fake identity.
const (
	administrator = "user/administrator/ws_acme"
	developer     = "user/developer/ws_acme"
	member        = "user/member/ws_acme"
	otherAdmin    = "user/administrator/ws_other"
	noWorkspace   = "user"
)

func (b *bench) console(t *testing.T) authzv1.ConsoleServiceClient {
	t.Helper()
	return authzv1.NewConsoleServiceClient(dial(t, b.network, "gateway", "authz"))
}

func (b *bench) reviews(t *testing.T) authzv1.ReviewServiceClient {
	t.Helper()
	return authzv1.NewReviewServiceClient(dial(t, b.network, "operator", "authz"))
}

// newApp registers a client of ws_acme and returns its identifier and its secret.
func (b *bench) newApp(t *testing.T, change ...func(*authzv1.CreateClientRequest)) (id, clear string) {
	t.Helper()
	req := registration()
	for _, edit := range change {
		edit(req)
	}
	res, err := b.console(t).CreateApp(t.Context(), &authzv1.CreateAppRequest{SessionToken: developer, WorkspaceId: "ws_acme", Client: req})
	if err != nil {
		t.Fatal(err)
	}
	return res.GetApp().GetRegistration().GetClient().GetClientId(), res.GetClientSecret()
}

func (b *bench) app(t *testing.T, id string) *authzv1.OwnedClient {
	t.Helper()
	res, err := b.console(t).GetApp(t.Context(), &authzv1.GetAppRequest{SessionToken: developer, ClientId: id})
	if err != nil {
		t.Fatal(err)
	}
	return res.GetApp()
}

// consoleCalls are every RPC about one client, each as a call that its team may make.
func consoleCalls(console authzv1.ConsoleServiceClient, b *bench, t *testing.T) map[string]func(ctx context.Context, session, id string) error {
	t.Helper()
	return map[string]func(ctx context.Context, session, id string) error{
		"GetApp": func(ctx context.Context, session, id string) error {
			_, err := console.GetApp(ctx, &authzv1.GetAppRequest{SessionToken: session, ClientId: id})
			return err
		},
		"UpdateApp": func(ctx context.Context, session, id string) error {
			_, err := console.UpdateApp(ctx, &authzv1.UpdateAppRequest{SessionToken: session, Change: &authzv1.UpdateClientRequest{ClientId: id, Purpose: proto.String("Tests")}})
			return err
		},
		"SetAppLogo": func(ctx context.Context, session, id string) error {
			_, err := console.SetAppLogo(ctx, &authzv1.SetAppLogoRequest{SessionToken: session, ClientId: id})
			return err
		},
		"CreateAppSecret": func(ctx context.Context, session, id string) error {
			_, err := console.CreateAppSecret(ctx, &authzv1.CreateAppSecretRequest{SessionToken: session, ClientId: id, NewestSecretId: "stale"})
			if oerr.Reason(err) == errorv1.Reason_REASON_CONFLICT {
				return nil
			}
			return err
		},
		"RemoveAppSecret": func(ctx context.Context, session, id string) error {
			_, err := console.RemoveAppSecret(ctx, &authzv1.RemoveAppSecretRequest{SessionToken: session, ClientId: id, SecretId: "none"})
			return err
		},
		"AddAppKey": func(ctx context.Context, session, id string) error {
			_, err := console.AddAppKey(ctx, &authzv1.AddAppKeyRequest{SessionToken: session, Key: &authzv1.AddClientKeyRequest{ClientId: id, Jwk: "{}"}})
			return refusedAs(err, "jwk")
		},
		"RemoveAppKey": func(ctx context.Context, session, id string) error {
			_, err := console.RemoveAppKey(ctx, &authzv1.RemoveAppKeyRequest{SessionToken: session, ClientId: id, Kid: "none"})
			return refusedAs(err, "client_id")
		},
		"TestAppKeys": func(ctx context.Context, session, id string) error {
			_, err := console.TestAppKeys(ctx, &authzv1.TestAppKeysRequest{SessionToken: session, ClientId: id})
			return refusedAs(err, "jwks_uri")
		},
		"AddAppRedirectUri": func(ctx context.Context, session, id string) error {
			_, err := console.AddAppRedirectUri(ctx, &authzv1.AddAppRedirectUriRequest{SessionToken: session, ClientId: id, RedirectUri: callback + "/added"})
			return err
		},
		"RemoveAppRedirectUri": func(ctx context.Context, session, id string) error {
			_, err := console.RemoveAppRedirectUri(ctx, &authzv1.RemoveAppRedirectUriRequest{SessionToken: session, ClientId: id, RedirectUri: callback + "/none"})
			return err
		},
		"AddAppTester": func(ctx context.Context, session, id string) error {
			_, err := console.AddAppTester(ctx, &authzv1.AddAppTesterRequest{SessionToken: session, ClientId: id, EmailAddress: "tester@example.com"})
			return err
		},
		"RemoveAppTester": func(ctx context.Context, session, id string) error {
			_, err := console.RemoveAppTester(ctx, &authzv1.RemoveAppTesterRequest{SessionToken: session, ClientId: id, EmailAddress: "none@example.com"})
			return err
		},
		"SubmitApp": func(ctx context.Context, session, id string) error {
			_, err := console.SubmitApp(ctx, &authzv1.SubmitAppRequest{SessionToken: session, ClientId: id, Withdraw: true})
			return err
		},
	}
}

// refusedAs returns nil for a refusal of a field, which only the client's team gets.
func refusedAs(err error, field string) error {
	if oerr.Reason(err) == errorv1.Reason_REASON_INVALID_REQUEST && oerr.Field(err) == field {
		return nil
	}
	return err
}

// The matrix of roles and objects (docs/architecture.md): a client of another workspace, one of the
// operator and an unknown one have the same response.
func TestOnlyTheTeamOfAClientMayManageIt(t *testing.T) {
	b := newBench(t)
	mine, _ := b.newApp(t)
	operators, _ := b.register(t, registration())
	calls := consoleCalls(b.console(t), b, t)
	if want := len(authzv1.ConsoleService_ServiceDesc.Methods) - 2; len(calls) != want { // ListApps and CreateApp name no client
		t.Errorf("%d RPCs are tested, and there are %d", len(calls), want)
	}
	unknown := "vdo_client_doesnotexist"
	for name, call := range calls {
		for _, session := range []string{administrator, developer} {
			if err := call(t.Context(), session, mine); err != nil {
				t.Errorf("%s as %s: %v", name, session, err)
			}
		}
		var texts []string
		for _, row := range []struct{ session, id string }{
			{member, mine},
			{otherAdmin, mine},
			{noWorkspace, mine},
			{developer, operators},
			{administrator, operators},
			{developer, unknown},
			{administrator, "https://client.example/document"},
		} {
			err := call(t.Context(), row.session, row.id)
			wantReason(t, name+" as "+row.session+" of "+row.id, err, errorv1.Reason_REASON_NOT_FOUND)
			if err != nil {
				texts = append(texts, err.Error())
			}
		}
		for _, text := range texts {
			if text != texts[0] {
				t.Errorf("%s: %q and %q tell clients apart", name, texts[0], text)
			}
		}
		for _, session := range []string{"", "invalid"} {
			wantReason(t, name+" signed out", call(t.Context(), session, mine), errorv1.Reason_REASON_SESSION_REQUIRED)
		}
	}
}

func TestTheConsoleListsAndRegistersForOwnWorkspacesOnly(t *testing.T) {
	b := newBench(t)
	mine, clear := b.newApp(t)
	console := b.console(t)
	if !b.proves(t, mine, clear) {
		t.Error("the new client does not authenticate with its secret")
	}
	for session, want := range map[string]int{administrator: 1, developer: 1, member: 0, otherAdmin: 0, noWorkspace: 0} {
		res, err := console.ListApps(t.Context(), &authzv1.ListAppsRequest{SessionToken: session})
		if err != nil || len(res.GetApps()) != want {
			t.Errorf("%s sees %d apps, %v; want %d", session, len(res.GetApps()), err, want)
		}
		if in := len(res.GetWorkspaces()); in != 1 && (want == 1 || session == otherAdmin) || in != 0 && (session == member || session == noWorkspace) {
			t.Errorf("%s may register in %d workspaces", session, in)
		}
	}
	_, err := console.ListApps(t.Context(), &authzv1.ListAppsRequest{SessionToken: "invalid"})
	wantReason(t, "signed out", err, errorv1.Reason_REASON_SESSION_REQUIRED)
	for session, workspace := range map[string]string{member: "ws_acme", otherAdmin: "ws_acme", developer: "ws_other", administrator: "", noWorkspace: "ws_acme"} {
		_, err := console.CreateApp(t.Context(), &authzv1.CreateAppRequest{SessionToken: session, WorkspaceId: workspace, Client: registration()})
		wantFieldReason(t, session+" in "+workspace, err, "workspace_id")
	}
	for field, edit := range map[string]func(*authzv1.CreateClientRequest){
		"client_id":           func(r *authzv1.CreateClientRequest) { r.ClientId = "vdo_client_chosen" },
		"resource_server":     func(r *authzv1.CreateClientRequest) { r.ResourceServer = true },
		"reuse":               func(r *authzv1.CreateClientRequest) { r.Reuse = authzv1.Reuse_REUSE_FAMILY },
		"workspace_id":        func(r *authzv1.CreateClientRequest) { r.WorkspaceId = "ws_other" },
		"allow_reserved_name": func(r *authzv1.CreateClientRequest) { r.AllowReservedName = true },
		"name":                func(r *authzv1.CreateClientRequest) { r.Name = "Vidocu" },
	} {
		req := registration()
		edit(req)
		_, err := console.CreateApp(t.Context(), &authzv1.CreateAppRequest{SessionToken: developer, WorkspaceId: "ws_acme", Client: req})
		wantFieldReason(t, "registering with "+field, err, field)
	}
	for field, change := range map[string]*authzv1.UpdateClientRequest{
		"resource_server":     {ResourceServer: proto.Bool(true)},
		"unverified":          {Unverified: proto.Bool(false)},
		"reuse":               {Reuse: authzv1.Reuse_REUSE_FAMILY},
		"workspace_id":        {WorkspaceId: "ws_other"},
		"allow_reserved_name": {AllowReservedName: true},
	} {
		change.ClientId = mine
		_, err := console.UpdateApp(t.Context(), &authzv1.UpdateAppRequest{SessionToken: developer, Change: change})
		wantFieldReason(t, "changing "+field, err, field)
	}
}

func TestAServiceClientGetsTokensInItsOwnWorkspace(t *testing.T) {
	b := newBench(t)
	id, _ := b.newApp(t, func(r *authzv1.CreateClientRequest) {
		r.GrantTypes, r.RedirectUris = []string{"client_credentials"}, nil
	})
	if got := b.app(t, id).GetRegistration().GetClient().GetWorkspaceId(); got != "ws_acme" {
		t.Errorf("its tokens are for %q", got)
	}
}

// TestAClientThatBecomesAServiceGetsTokensInItsOwnWorkspace: its team cannot choose another one.
func TestAClientThatBecomesAServiceGetsTokensInItsOwnWorkspace(t *testing.T) {
	b := newBench(t)
	id, _ := b.newApp(t)
	if _, err := b.console(t).UpdateApp(t.Context(), &authzv1.UpdateAppRequest{SessionToken: developer, Change: &authzv1.UpdateClientRequest{
		ClientId: id, GrantTypes: []string{"authorization_code", "refresh_token", "client_credentials"},
	}}); err != nil {
		t.Fatal(err)
	}
	if got := b.app(t, id).GetRegistration().GetClient().GetWorkspaceId(); got != "ws_acme" {
		t.Errorf("its tokens are for %q", got)
	}
}

// decide has a user approve a client in ws_acme, and returns GetAuthorization's error and the decision's.
func (b *bench) decide(t *testing.T, id, session string) (page, decision error) {
	t.Helper()
	step := b.start(t, authztest.NativeQuery("client_id", id, "redirect_uri", callback, "scope", "videos:read"), session)
	request := step.GetConsent().GetRequestId()
	if request == "" {
		t.Fatalf("no consent page: %v", step)
	}
	_, page = b.decisions.GetAuthorization(t.Context(), &authzv1.GetAuthorizationRequest{
		RequestId: request, BrowserToken: b.token, SessionToken: session,
	})
	_, decision = b.decisions.CompleteAuthorization(t.Context(), &authzv1.CompleteAuthorizationRequest{
		RequestId: request, BrowserToken: b.token, SessionToken: session, UserId: "usr_" + session, Epoch: proto.Int64(1),
		Decision: &authzv1.CompleteAuthorizationRequest_Approval{Approval: &authzv1.Approval{WorkspaceId: "ws_acme"}},
	})
	return page, decision
}

func TestADraftIsForItsTeamAndTestersUntilItIsApproved(t *testing.T) {
	b := newBench(t)
	id, _ := b.newApp(t)
	console, operator := b.console(t), b.reviews(t)
	_, err := console.AddAppTester(t.Context(), &authzv1.AddAppTesterRequest{SessionToken: developer, ClientId: id, EmailAddress: " User-Tester@Example.com "})
	if err != nil {
		t.Fatal(err)
	}
	want := func(when string, open bool) {
		t.Helper()
		for _, session := range []string{administrator, developer, "user-tester"} {
			if page, decision := b.decide(t, id, session); page != nil || decision != nil {
				t.Errorf("%s, %s: %v, %v", when, session, page, decision)
			}
		}
		for _, session := range []string{member, otherAdmin, "john"} {
			page, decision := b.decide(t, id, session)
			if open {
				if page != nil || decision != nil {
					t.Errorf("%s, %s: %v, %v", when, session, page, decision)
				}
				continue
			}
			wantReason(t, when+", the page of "+session, page, errorv1.Reason_REASON_CLIENT_NOT_LIVE)
			wantReason(t, when+", the decision of "+session, decision, errorv1.Reason_REASON_CLIENT_NOT_LIVE)
			if oerr.Cause(decision) != errorv1.Cause_CAUSE_CLIENT_NOT_LIVE {
				t.Errorf("%s, %s: the cause is %s", when, session, oerr.Cause(decision))
			}
		}
	}
	want("as a draft", false)
	silent := b.start(t, authztest.NativeQuery("client_id", id, "redirect_uri", callback, "scope", "videos:read", "prompt", "none"), "john")
	if silent.GetSilentConsent() != nil {
		t.Error("a draft is decided about without a page")
	}
	if _, err := console.SubmitApp(t.Context(), &authzv1.SubmitAppRequest{SessionToken: developer, ClientId: id}); err != nil {
		t.Fatal(err)
	}
	want("submitted", false)
	_, err = console.UpdateApp(t.Context(), &authzv1.UpdateAppRequest{SessionToken: developer, Change: &authzv1.UpdateClientRequest{ClientId: id, Name: proto.String("Another name")}})
	wantReason(t, "a new name during the review", err, errorv1.Reason_REASON_CONFLICT)
	list, err := operator.ListSubmittedClients(t.Context(), &authzv1.ListSubmittedClientsRequest{})
	if err != nil || len(list.GetRegistrations()) != 1 || list.GetRegistrations()[0].GetOwnerWorkspaceId() != "ws_acme" ||
		list.GetRegistrations()[0].GetCreatedByUserId() != "usr_"+developer || len(list.GetRegistrations()[0].GetRedirectUris()) == 0 {
		t.Errorf("waiting for a review: %v, %v", list, err)
	}
	for field, bad := range map[string]*authzv1.ReviewClientRequest{
		"verdict": {ClientId: id}, "note": {ClientId: id, Verdict: authzv1.ReviewVerdict_REVIEW_VERDICT_REFUSE},
		"verified": {ClientId: id, Verdict: authzv1.ReviewVerdict_REVIEW_VERDICT_REFUSE, Note: "No", Verified: true},
	} {
		_, err := operator.ReviewClient(t.Context(), bad)
		wantFieldReason(t, "a review with a wrong "+field, err, field)
	}
	res, err := operator.ReviewClient(t.Context(), &authzv1.ReviewClientRequest{ClientId: id, Verdict: authzv1.ReviewVerdict_REVIEW_VERDICT_APPROVE, Note: "Welcome"})
	if err != nil || res.GetRegistration().GetStatus() != authzv1.ClientStatus_CLIENT_STATUS_LIVE || !res.GetRegistration().GetUnverified() {
		t.Errorf("approved: %v, %v", res, err)
	}
	want("live", true)
	if note := b.app(t, id).GetRegistration().GetReviewNote(); note != "Welcome" {
		t.Errorf("the team reads %q", note)
	}
	seeded, _ := b.register(t, registration())
	_, err = operator.ReviewClient(t.Context(), &authzv1.ReviewClientRequest{ClientId: seeded, Verdict: authzv1.ReviewVerdict_REVIEW_VERDICT_APPROVE})
	wantFieldReason(t, "a client of the operator", err, "client_id")
}

func TestASuspendedClientIsRefusedEverywhereWithItsCause(t *testing.T) {
	b := newBench(t)
	id, clear := b.newApp(t)
	token := authzv1.NewReviewServiceClient(dial(t, b.network, "token", "authz"))
	if _, err := token.ApplySuspendClient(t.Context(), &authzv1.ApplySuspendClientRequest{ClientId: id, Note: "Asks for passwords"}); err != nil {
		t.Fatal(err)
	}
	if b.proves(t, id, clear) {
		t.Error("it authenticates")
	}
	step := b.start(t, authztest.NativeQuery("client_id", id, "redirect_uri", callback, "scope", "videos:read"), administrator)
	if step.GetErrorPage() == nil || step.GetRefusal().GetCause() != errorv1.Cause_CAUSE_CLIENT_SUSPENDED || !strings.Contains(step.GetErrorPage().GetMessage(), "suspended") {
		t.Errorf("the step is %v", step)
	}
	_, err := b.console(t).SubmitApp(t.Context(), &authzv1.SubmitAppRequest{SessionToken: developer, ClientId: id})
	wantReason(t, "submitting it", err, errorv1.Reason_REASON_CONFLICT)
	_, err = b.operator(t).EnableClient(t.Context(), &authzv1.EnableClientRequest{ClientId: id})
	wantFieldReason(t, "enabling it", err, "client_id")
	if b.proves(t, id, clear) {
		t.Error("enabling lifts the suspension")
	}
	_, err = b.reviews(t).ReviewClient(t.Context(), &authzv1.ReviewClientRequest{ClientId: id, Verdict: authzv1.ReviewVerdict_REVIEW_VERDICT_APPROVE})
	if err != nil || !b.proves(t, id, clear) {
		t.Errorf("it cannot authenticate after the suspension: %v", err)
	}
}

func TestAVerifiedClientThatChangesWhoItIsMustBeReviewedAgain(t *testing.T) {
	b := newBench(t)
	operator, console := b.reviews(t), b.console(t)
	for what, row := range map[string]struct {
		change   *authzv1.UpdateClientRequest
		verified bool
	}{
		"a new name":      {&authzv1.UpdateClientRequest{Name: proto.String("Another name")}, false},
		"a new publisher": {&authzv1.UpdateClientRequest{Publisher: proto.String("Another one")}, false},
		"a new home page": {&authzv1.UpdateClientRequest{ClientUri: proto.String("https://another.example")}, false},
		"a new scope":     {&authzv1.UpdateClientRequest{Scopes: []string{"videos:read", "export:write", "jobs:read"}}, false},
		"a scope less":    {&authzv1.UpdateClientRequest{Scopes: []string{"videos:read"}}, true},
		"the same name":   {&authzv1.UpdateClientRequest{Name: proto.String("Exporter")}, true},
		"a new policy":    {&authzv1.UpdateClientRequest{PolicyUri: proto.String("https://another.example/privacy")}, true},
	} {
		id, _ := b.newApp(t)
		if _, err := console.SubmitApp(t.Context(), &authzv1.SubmitAppRequest{SessionToken: developer, ClientId: id}); err != nil {
			t.Fatal(err)
		}
		if _, err := operator.ReviewClient(t.Context(), &authzv1.ReviewClientRequest{ClientId: id, Verdict: authzv1.ReviewVerdict_REVIEW_VERDICT_APPROVE, Verified: true}); err != nil {
			t.Fatal(err)
		}
		row.change.ClientId = id
		if _, err := console.UpdateApp(t.Context(), &authzv1.UpdateAppRequest{SessionToken: developer, Change: row.change}); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		got := b.app(t, id).GetRegistration()
		if got.GetUnverified() == row.verified || got.GetStatus() != authzv1.ClientStatus_CLIENT_STATUS_LIVE {
			t.Errorf("%s: unverified %v, %s", what, got.GetUnverified(), got.GetStatus())
		}
	}
}

func TestASecretOfTheConsoleIsNewAndEndsAsAsked(t *testing.T) {
	b := newBench(t)
	id, first := b.newApp(t)
	console := b.console(t)
	newest := func() string { return b.app(t, id).GetRegistration().GetSecrets()[0].GetSecretId() }
	shown := newest()
	res, err := console.CreateAppSecret(t.Context(), &authzv1.CreateAppSecretRequest{SessionToken: developer, ClientId: id, OverlapSeconds: 3600, NewestSecretId: shown})
	if err != nil || !b.proves(t, id, first) || !b.proves(t, id, res.GetClientSecret()) {
		t.Fatalf("both are valid: %v", err)
	}
	_, err = console.CreateAppSecret(t.Context(), &authzv1.CreateAppSecretRequest{SessionToken: developer, ClientId: id, NewestSecretId: shown})
	wantReason(t, "a second click", err, errorv1.Reason_REASON_CONFLICT)
	if !b.proves(t, id, first) || !b.proves(t, id, res.GetClientSecret()) {
		t.Error("a second click ended a secret")
	}
	one := b.app(t, id).GetRegistration().GetSecrets()[0]
	if one.GetCreatedByUserId() != "usr_"+developer || one.GetLastFour() != res.GetClientSecret()[len(res.GetClientSecret())-4:] {
		t.Errorf("the secret is described as %v", one)
	}
	if _, err := console.RemoveAppSecret(t.Context(), &authzv1.RemoveAppSecretRequest{SessionToken: developer, ClientId: id, SecretId: one.GetSecretId()}); err != nil {
		t.Fatal(err)
	}
	if !b.proves(t, id, first) || b.proves(t, id, res.GetClientSecret()) {
		t.Error("the removed secret is the wrong one")
	}
	_, err = console.RemoveAppSecret(t.Context(), &authzv1.RemoveAppSecretRequest{SessionToken: developer, ClientId: id, SecretId: newest()})
	wantReason(t, "the last one", err, errorv1.Reason_REASON_CONFLICT)
}

func TestARedirectURIThatPeopleUseIsRemovedOnlyWhenConfirmed(t *testing.T) {
	b := newBench(t)
	id, _ := b.newApp(t)
	console := b.console(t)
	if page, decision := b.decide(t, id, developer); page != nil || decision != nil {
		t.Fatal(page, decision)
	}
	uses := b.app(t, id).GetRedirectUriUses()
	if len(uses) != 1 || uses[0].GetRedirectUri() != callback || uses[0].GetLastUseTime() == nil || b.app(t, id).GetPeople() != 1 {
		t.Errorf("the uses are %v, by %d people", uses, b.app(t, id).GetPeople())
	}
	remove := func(uri string, confirmed bool) error {
		_, err := console.RemoveAppRedirectUri(t.Context(), &authzv1.RemoveAppRedirectUriRequest{SessionToken: developer, ClientId: id, RedirectUri: uri, Confirmed: confirmed})
		return err
	}
	if err := remove(callback, false); oerr.Reason(err) != errorv1.Reason_REASON_CONFLICT || oerr.Field(err) != "confirm" {
		t.Errorf("without a confirmation: %v", err)
	}
	if err := remove(callback, true); err != nil {
		t.Errorf("confirmed: %v", err)
	}
	if err := remove("http://127.0.0.1/cb", true); oerr.Reason(err) != errorv1.Reason_REASON_CONFLICT {
		t.Errorf("the last one: %v", err)
	}
	_, err := console.AddAppRedirectUri(t.Context(), &authzv1.AddAppRedirectUriRequest{SessionToken: developer, ClientId: id, RedirectUri: "http://yourapp.com/cb"})
	wantFieldReason(t, "http elsewhere", err, "redirect_uris")
}
