package gateway_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/vidocu/usher/gateway"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// TestAnAppThatChangedIsMarkedInTheList, and not only in the row that is open.
func TestAnAppThatChangedIsMarkedInTheList(t *testing.T) {
	const badge = `<span class="badge warn">Changed</span>`
	p := signedIn(t)
	app := &consentv1.ConnectedApp{ClientId: "app", ClientName: "Example", ApproveTime: timestamppb.Now()}
	p.respond("ListConnectedApps", &consentv1.ListConnectedAppsResponse{Apps: []*consentv1.ConnectedApp{app}}, nil)
	wantNotIn(t, "as it was approved", p.get("/account/connected-apps").Body.String(), badge)
	app.Changes = []consentv1.AppChange{consentv1.AppChange_APP_CHANGE_NAME}
	wantIn(t, "with another name", p.get("/account/connected-apps").Body.String(), badge)
}

// TestAnAppThatIsNotOpenIsNamed where that is known.
func TestAnAppThatIsNotOpenIsNamed(t *testing.T) {
	p := signedIn(t)
	p.respond("GetPrompt", nil, oerr.New(errorv1.Reason_REASON_CLIENT_NOT_LIVE, "is not live"))
	p.respond("LookUpAuthorization", &authzv1.LookUpAuthorizationResponse{State: authzv1.AuthorizationState_AUTHORIZATION_STATE_OPEN, ClientName: "<Draft>"}, nil)
	wantPage(t, "the page", p.get("/consent?request=r"), 403, "This app is not open yet", "<bdi>&lt;Draft&gt;</bdi>", "<title>This app is not open yet: &lt;Draft&gt;")
	p.respond("LookUpAuthorization", nil, oerr.Unavailable(nil))
	wantPage(t, "without the name", p.get("/consent?request=r"), 403, "This app is not open yet")
}

// TestTheActivityNamesAKey, by which it is found on the page of the keys.
func TestTheActivityNamesAKey(t *testing.T) {
	p := withConsole(t)
	named := []*eventv1.Change{{Field: "name", After: "Nightly <export>"}}
	p.respond("ListEvents", &activityv1.ListEventsResponse{Events: []*eventv1.Event{
		{Kind: "api_key.created", ObjectId: "key_1", Changes: named, EventTime: timestamppb.Now()},
		{Kind: "api_key.rotated", ObjectId: "key_2", Changes: named, EventTime: timestamppb.Now()},
		{Kind: "api_key.created", ObjectId: "key_3", EventTime: timestamppb.Now()},
		{Kind: "api_key.revoked", ObjectId: "key_4", Details: map[string]string{"name": "Nightly <export>"}, EventTime: timestamppb.Now()},
		{Kind: "api_key.revoked", ObjectId: "key_5", EventTime: timestamppb.Now()},
	}}, nil)
	wantPage(t, "the activity", p.get(workspacePages+"/activity"), 200,
		"The API key <bdi>Nightly &lt;export&gt;</bdi> was created", "The API key <bdi>Nightly &lt;export&gt;</bdi> was replaced", "<strong>An API key was created</strong>",
		"The API key <bdi>Nightly &lt;export&gt;</bdi> was revoked", "<strong>An API key was revoked</strong>",
		`<div lang="en" dir="ltr">`)
	p.respond("ListWorkspaceKeys", &tokenv1.ListWorkspaceKeysResponse{ApiKeys: []*tokenv1.ApiKey{{KeyId: "key_1", Name: "Nightly", Live: true}}}, nil)
	wantPage(t, "the keys", p.get(workspacePages+"/keys"), 200, `<dt>Key id</dt><dd><code class="id">key_1</code></dd>`,
		">When the new key is created, the present one ends</label>")
}

// TestRevokeSaysWhatItDoesBefore: a click ends the key, and nothing undoes it.
func TestRevokeSaysWhatItDoesBefore(t *testing.T) {
	const said = "stops working at once, everywhere, and cannot be brought back."
	p := withConsole(t)
	for _, live := range []bool{true, false} {
		p.respond("ListWorkspaceKeys", &tokenv1.ListWorkspaceKeysResponse{ApiKeys: []*tokenv1.ApiKey{{KeyId: "key_1", Name: "Nightly", Live: live}}}, nil)
		if body := p.get(workspacePages + "/keys").Body.String(); strings.Contains(body, said) != live {
			t.Errorf("live %v: the page says what a revocation does: %v", live, !live)
		}
	}
}

// TestARefusalOfAWorkspaceLeadsToItsField, the one of the client or of the request.
func TestARefusalOfAWorkspaceLeadsToItsField(t *testing.T) {
	p := withPolicy(t)
	p.respond("ListWorkspaceApps", &consentv1.ListWorkspaceAppsResponse{Apps: []*consentv1.WorkspaceApp{{ClientId: "c1", ClientName: "One"}, {ClientId: "c2", ClientName: "Two"}}}, nil)
	p.respond("EndWorkspaceApp", nil, oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "is another", oerr.WithField("confirm_name")))
	form := url.Values{"csrf_token": {csrf(t, p.get(workspacePages))}, "do": {"end"}, "client_id": {"c2"}, "confirm_name": {"Tow"}}
	wantRedirect(t, "a wrong name", p.post(workspacePages, form), workspacePages)
	wantPage(t, "a wrong name", p.get(workspacePages), 200, `<a href="#confirm-1">`, `id="confirm-1" name="confirm_name" maxlength="512" required autocomplete="off" autocapitalize="none" spellcheck="false" value="Tow" aria-invalid="true"`)
	p.respond("DecideAppRequest", nil, oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "is too long", oerr.WithField("answer")))
	form = url.Values{"csrf_token": form["csrf_token"], "do": {"refuse"}, "client_id": {"c1"}, "answer": {"long"}}
	wantRedirect(t, "a long answer", p.post(workspacePages+"/policy", form), workspacePages+"/policy")
	wantPage(t, "a long answer", p.get(workspacePages+"/policy"), 200, `<a href="#answer-0">`, `id="answer-0"`)
}

// TestAnAppWithoutAPersonHasNoPeople and no sign-in to try.
func TestAnAppWithoutAPersonHasNoPeople(t *testing.T) {
	p := withConsole(t)
	answer, _ := p.services["GetApp"](nil)
	res, _ := answer.(*authzv1.GetAppResponse)
	connecting := []string{appPages + `/addresses"`, appPages + `/consent"`, appPages + `/playground"`}
	for _, path := range []string{appPages, appPages + "/usage"} {
		wantPage(t, path, p.get(path), 200, append(connecting, "Try a sign-in", "People connected")...)
	}
	res.App.Registration.Client.GrantTypes = []string{"client_credentials"}
	for _, path := range []string{appPages, appPages + "/usage"} {
		wantNotIn(t, path, p.get(path).Body.String(), append(connecting, "Try a sign-in", "People connected", "Try it in the playground")...)
	}
	for _, status := range []authzv1.ClientStatus{authzv1.ClientStatus_CLIENT_STATUS_DRAFT, authzv1.ClientStatus_CLIENT_STATUS_LIVE} {
		res.App.Registration.Status, res.App.Registration.Unverified = status, true
		w := p.get(appPages + "/status")
		wantPage(t, "the status", w, 200, "Nobody connects the app: it acts for itself in the workspace that owns it. It needs no review.")
		wantNotIn(t, "the status", w.Body.String(), "Submit for review", "testers", "reviewer")
	}
	wantNotIn(t, "the list", p.get("/developers").Body.String(), "0 people")
}

// TestTheEndOfASecretIsThatOfItsReplacement, and not its own, which stands beside it.
func TestTheEndOfASecretIsThatOfItsReplacement(t *testing.T) {
	wantPage(t, "a secret", withConsole(t).get(appPages+"/credentials"), 200, `<label class="field" for="overlap">When the new secret is created, the present one ends</label>`)
}

// TestANewSecretIsNotUsedYet: the last use is known for 90 days.
func TestANewSecretIsNotUsedYet(t *testing.T) {
	p := withConsole(t)
	answer, _ := p.services["GetApp"](nil)
	res, _ := answer.(*authzv1.GetAppResponse)
	secret := res.GetApp().GetRegistration().GetSecrets()[0]
	for text, age := range map[string]time.Duration{"Not used yet.": time.Minute, "Not used in the last 90 days.": 91 * 24 * time.Hour} {
		secret.CreateTime = timestamppb.New(time.Now().Add(-age))
		wantPage(t, text, p.get(appPages+"/credentials"), 200, "<dt>Last used</dt><dd>"+text+"</dd>")
	}
}

// TestTheEndOfADevicesRequestLeadsToTheDevice, which the user has to go back to.
func TestTheEndOfADevicesRequestLeadsToTheDevice(t *testing.T) {
	p := signedIn(t)
	p.respond("GetPrompt", nil, oerr.New(errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, "is not open"))
	for state, text := range map[authzv1.AuthorizationState]string{
		authzv1.AuthorizationState_AUTHORIZATION_STATE_DENIED:       "You answered no.",
		authzv1.AuthorizationState_AUTHORIZATION_STATE_OTHER_PERSON: "start again on the device.",
		authzv1.AuthorizationState_AUTHORIZATION_STATE_USED:         "Start again on the device.",
		authzv1.AuthorizationState_AUTHORIZATION_STATE_EXPIRED:      "Start again on the device.",
	} {
		p.respond("LookUpAuthorization", &authzv1.LookUpAuthorizationResponse{State: state, ClientName: "TV", Device: &authzv1.Device{RequestTime: timestamppb.Now()}}, nil)
		w := p.get("/consent?request=r")
		wantIn(t, state.String(), w.Body.String(), text)
		wantNotIn(t, state.String(), w.Body.String(), "from the app", "answered already")
	}
}

// TestAnApprovalOfAWorkspaceHasItsOwnWord: in German an administrator does not allow a client as a user
// does.
func TestAnApprovalOfAWorkspaceHasItsOwnWord(t *testing.T) {
	p := withConsole(t)
	p.respond("ListWorkspaceApps", &consentv1.ListWorkspaceAppsResponse{Apps: []*consentv1.WorkspaceApp{{ClientId: "c1", ClientName: "One", Approved: true}}}, nil)
	wantPage(t, "in English", p.get(workspacePages), 200, `<span class="badge">Approved here</span>`, "<dt>Approved here</dt>")
	german := httptest.NewRequest("GET", "https://login.test"+workspacePages, nil)
	german.Header.Set("Accept-Language", "de")
	wantPage(t, "in German", p.send(german), 200, `<span class="badge">Freigegeben</span>`, "<dt>Freigegeben</dt>")
	german = httptest.NewRequest("GET", "https://login.test/account/connected-apps", nil)
	german.Header.Set("Accept-Language", "de")
	wantPage(t, "of a user", p.send(german), 200, "<dt>Erlaubt</dt>")
}

// TestAMessageNamesWhatWasChanged: on a page with many clients, keys and addresses the message says
// which one.
func TestAMessageNamesWhatWasChanged(t *testing.T) {
	for text, row := range map[string]struct {
		path, rpc string
		res       proto.Message
		form      url.Values
	}{
		"<bdi>Example &lt;b&gt;</bdi> has no access to this workspace any more.": {
			workspacePages, "EndWorkspaceApp", &consentv1.EndWorkspaceAppResponse{}, url.Values{"do": {"end"}, "client_id": {"c0"}, "confirm_name": {"Example <b>"}},
		},
		"The approval of <bdi>Example &lt;b&gt;</bdi> is withdrawn.": {
			workspacePages, "SetAppApproval", &consentv1.SetAppApprovalResponse{}, url.Values{"do": {"withdraw"}, "client_id": {"c1"}},
		},
		"The request for <bdi>Example &lt;b&gt;</bdi> is refused.": {
			workspacePages + "/policy", "DecideAppRequest", &consentv1.DecideAppRequestResponse{}, url.Values{"do": {"refuse"}, "client_id": {"c1"}},
		},
		"The API key <bdi>Example &lt;b&gt;</bdi> is revoked.": {
			workspacePages + "/keys", "RevokeWorkspaceKey", &tokenv1.RevokeWorkspaceKeyResponse{}, url.Values{"do": {"revoke"}, "key_id": {"k1"}},
		},
		"<bdi>https://app.test/callback</bdi> is removed.": {
			appPages + "/addresses", "RemoveAppRedirectUri", &authzv1.RemoveAppRedirectUriResponse{}, url.Values{"do": {"remove"}, "redirect_uri": {"https://app.test/callback"}},
		},
		"<bdi>…abcd</bdi> is removed.": {appPages + "/credentials", "RemoveAppSecret", &authzv1.RemoveAppSecretResponse{}, url.Values{"do": {"remove-secret"}, "secret_id": {"s1"}}},
		"<bdi>a@example.com</bdi> is added.": {
			appPages + "/team", "AddAppTester", &authzv1.AddAppTesterResponse{}, url.Values{"do": {"add"}, "email_address": {"a@example.com"}},
		},
	} {
		p := withPolicy(t)
		p.respond("ListWorkspaceApps", &consentv1.ListWorkspaceAppsResponse{Apps: []*consentv1.WorkspaceApp{{ClientId: "c1", ClientName: "Example <b>"}}}, nil)
		p.respond("ListWorkspaceKeys", &tokenv1.ListWorkspaceKeysResponse{ApiKeys: []*tokenv1.ApiKey{{KeyId: "k1", Name: "Example <b>", Live: true}}}, nil)
		p.respond(row.rpc, row.res, nil)
		row.form.Set("csrf_token", csrf(t, p.get(row.path)))
		wantRedirect(t, text, p.post(row.path, row.form), row.path)
		wantPage(t, text, p.get(row.path), 200, text)
	}
}

// TestAnApprovalWithoutEffectSaysSo, at the request of a member and at a connected client.
func TestAnApprovalWithoutEffectSaysSo(t *testing.T) {
	const said = "An approval counts only where members may connect approved apps."
	p := withPolicy(t)
	for rule, silent := range map[consentv1.AppPolicy]bool{
		consentv1.AppPolicy_APP_POLICY_ANYONE: false, consentv1.AppPolicy_APP_POLICY_NOBODY: false, consentv1.AppPolicy_APP_POLICY_APPROVED: true,
	} {
		p.respond("GetWorkspacePolicy", &consentv1.GetWorkspacePolicyResponse{Policy: rule}, nil)
		if body := p.get(workspacePages + "/policy").Body.String(); strings.Contains(body, said) == silent {
			t.Errorf("%v: says that an approval has no effect: %v", rule, !silent)
		}
	}
	for approved, text := range map[bool]string{false: said, true: "Withdraw the approval"} {
		p.respond("ListWorkspaceApps", &consentv1.ListWorkspaceAppsResponse{Apps: []*consentv1.WorkspaceApp{{ClientId: "c1", ClientName: "One", Approved: approved}}}, nil)
		body := p.get(workspacePages).Body.String()
		if wantIn(t, text, body, text); approved {
			wantNotIn(t, "an approved app", body, said)
		}
	}
}

// TestAKeyIsNotRestrictedToWhatConcernsAUser: the form has the other permissions alone.
func TestAKeyIsNotRestrictedToWhatConcernsAUser(t *testing.T) {
	p := withConsoleOf(t, gateway.DefaultConfig(), func(d *gateway.Deps) { d.Catalog = catalog.Fixed(catalog.Default().WithOpenID()) })
	body := p.get(workspacePages + "/keys").Body.String()
	wantIn(t, "the form", body, `name="scope" value="videos:read"`)
	wantNotIn(t, "the form", body, `value="openid"`, `value="profile"`, `value="email"`)
}

// TestTheListsOfAWorkspaceAreOrderedAndSearched: clients by name, members by name or address, where the page
// has the whole list.
func TestTheListsOfAWorkspaceAreOrderedAndSearched(t *testing.T) {
	p := withConsole(t)
	apps, members := &consentv1.ListWorkspaceAppsResponse{}, &identityv1.ListWorkspaceMembersResponse{}
	for i := range 8 {
		apps.Apps = append(apps.Apps, &consentv1.WorkspaceApp{ClientId: fmt.Sprint("c", i), ClientName: fmt.Sprint("App ", 9-i)})
		members.Members = append(members.Members, &identityv1.WorkspaceMember{DisplayName: fmt.Sprint("Person ", i), EmailAddress: fmt.Sprintf("p%d@example.com", i)})
	}
	apps.Apps[0].ClientName = "Zoo <b>"
	p.respond("ListWorkspaceApps", apps, nil)
	p.respond("ListWorkspaceMembers", members, nil)
	body := p.get(workspacePages).Body.String()
	if first, last := strings.Index(body, "<bdi>App 2</bdi>"), strings.Index(body, "<bdi>Zoo &lt;b&gt;</bdi>"); first < 0 || last < first {
		t.Errorf("the clients are not ordered by name:\n%s", body)
	}
	const search = `role="search"`
	wantIn(t, "the clients", body, search)
	found := p.get(workspacePages + "?find=zoo").Body.String()
	wantIn(t, "a search", found, search, `value="zoo"`, "Zoo &lt;b&gt;")
	wantNotIn(t, "a search", found, "App 2")
	wantPage(t, "a search of nothing", p.get(workspacePages+"?find=%3Cx%3E"), 200, "No connected app has such a name", `value="&lt;x&gt;"`, `href="`+workspacePages+`"`)
	wantPage(t, "the members", p.get(workspacePages+"/members"), 200, "8 members", search, "Person 7")
	for _, one := range []string{"person 3", "P3@"} {
		found = p.get(workspacePages + "/members?find=" + url.QueryEscape(one)).Body.String()
		wantIn(t, one, found, "8 members", "Person 3")
		wantNotIn(t, one, found, "Person 4")
	}
	wantPage(t, "no such member", p.get(workspacePages+"/members?find=nobody"), 200, "No member has such a name or address", search)
	apps.NextPageToken, members.NextPageToken = "more", "more"
	for _, path := range []string{workspacePages, workspacePages + "/members"} {
		body := p.get(path + "?find=nothing").Body.String()
		wantIn(t, path, body, `rel="next"`)
		wantNotIn(t, path, body, search, "8 members", "has such a name")
	}
}

// TestAnEventNamesItsMemberOnce, in its sentence or behind it.
func TestAnEventNamesItsMemberOnce(t *testing.T) {
	p := withConsole(t)
	p.respond("ListWorkspaceMembers", &identityv1.ListWorkspaceMembersResponse{Members: []*identityv1.WorkspaceMember{{UserId: "user_2", DisplayName: "Esther"}}}, nil)
	for _, kind := range []string{"member.added", "grant.disconnected"} {
		p.respond("ListEvents", &activityv1.ListEventsResponse{
			Events: []*eventv1.Event{{Kind: kind, UserId: "user_2", ClientId: "c1", EventTime: timestamppb.Now()}}, ClientNames: map[string]string{"c1": "Example"},
		}, nil)
		if body := p.get(workspacePages + "/activity").Body.String(); strings.Count(body, "<bdi>Esther</bdi>") != 1 {
			t.Errorf("%s names the member %d times, want once:\n%s", kind, strings.Count(body, "<bdi>Esther</bdi>"), body)
		}
	}
}
