package gateway_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/csv"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/vidocu/usher/gateway"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// playing returns a browser with a run of the playground that has a code, and the form for its next step.
func playing(t *testing.T, change ...func(*gateway.Deps)) (browser, url.Values) {
	t.Helper()
	p := withConsoleOf(t, gateway.DefaultConfig(), change...)
	const path = appPages + "/playground"
	form := url.Values{"csrf_token": {csrf(t, p.get(path))}, "do": {"start"}, "scope": {"videos:read"}}
	location, err := url.Parse(p.post(path, form).Header().Get("Location"))
	if err != nil || location.Query().Get("state") == "" {
		t.Fatalf("the run begins at %s, %v", location, err)
	}
	wantRedirect(t, "the callback", p.get("/developers/playground/callback?code=sentinel&state="+location.Query().Get("state")), path)
	return p, url.Values{"csrf_token": form["csrf_token"], "do": {"exchange"}, "client_secret": {"x"}}
}

// TestAResponseThatIsCutIsShownAsCut, and the playground reads nothing out of it.
func TestAResponseThatIsCutIsShownAsCut(t *testing.T) {
	const path, note = appPages + "/playground", "the whole response is longer."
	for name, row := range map[string]struct {
		length    int
		cut, goes bool
	}{
		"short": {10, false, true}, "longer than is shown": {5 << 10, true, true}, "longer than is read": {70 << 10, true, false},
	} {
		p, form := playing(t)
		p.respond("IssueToken", &tokenv1.IssueTokenResponse{AccessToken: "vdo_oat_x", TokenType: "Bearer", RefreshToken: "vdo_ort_x", Scope: strings.Repeat("é", row.length/2)}, nil)
		wantRedirect(t, name, p.post(path, form), path)
		body := p.get(path).Body.String()
		if cut := strings.Contains(body, note) && strings.Contains(body, "…</code>"); cut != row.cut {
			t.Errorf("%s: shown as cut: %v", name, cut)
		}
		if goes := strings.Contains(body, `value="call"`); goes != row.goes {
			t.Errorf("%s: has the next step: %v", name, goes)
		}
		if strings.Contains(body, "\ufffd") {
			t.Errorf("%s: a character is cut", name)
		}
	}
}

// TestAResponseThatBreaksOffIsShownAsCut: the proxy of the API aborts it, and the page is shown
// nevertheless.
func TestAResponseThatBreaksOffIsShownAsCut(t *testing.T) {
	const path = appPages + "/playground"
	p, form := playing(t, withUpstream(newUpstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "the beginn\xc3")
	})))
	p.respond("IssueToken", &tokenv1.IssueTokenResponse{AccessToken: allScopes, TokenType: "Bearer"}, nil)
	wantRedirect(t, "the exchange", p.post(path, form), path)
	form = url.Values{"csrf_token": form["csrf_token"], "do": {"call"}, "endpoint": {"/v1/videos"}}
	ctx := context.WithValue(t.Context(), http.ServerContextKey, &http.Server{}) // where the proxy aborts
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "https://login.test"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	wantRedirect(t, "the call", p.send(r), path)
	wantPage(t, "the call", p.get(path), http.StatusOK, "the beginn…</code>", "the whole response is longer.")
}

// TestTheKeysOfAnAddressAreReadOnce by the button Test, and an error is the page's.
func TestTheKeysOfAnAddressAreReadOnce(t *testing.T) {
	p := withConsole(t)
	const path = appPages + "/credentials"
	answer, _ := p.services["GetApp"](nil)
	res, _ := answer.(*authzv1.GetAppResponse)
	res.App.Registration.TokenEndpointAuthMethod, res.App.Registration.JwksUri = "private_key_jwt", "https://app.test/jwks.json"
	reads, failure := 0, error(nil)
	p.services["TestAppKeys"] = func(proto.Message) (proto.Message, error) {
		reads++
		return &authzv1.TestAppKeysResponse{Keys: []*authzv1.ClientKey{{Kid: "key-one", Kty: "EC"}}}, failure
	}
	form := url.Values{"csrf_token": {csrf(t, p.get(path))}, "do": {"test-keys"}}
	wantRedirect(t, "the test", p.post(path, form), path)
	wantPage(t, "the test", p.get(path), 200, "The keys were read.", "key-one")
	if p.get(path); reads != 1 {
		t.Errorf("the keys are read %d times", reads)
	}
	for text, err := range map[string]error{
		"The keys at this address cannot be used.": oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "is no JSON", oerr.WithField("jwks_uri")),
		"The keys could not be read.":              oerr.Unavailable(nil),
	} {
		failure = err
		wantRedirect(t, text, p.post(path, form), path)
		w := p.get(path)
		wantPage(t, text, w, 200, text, "<title>Error")
		if strings.Contains(w.Body.String(), "The keys were read.") {
			t.Errorf("%s: the page says that the keys were read", text)
		}
	}
}

// TestTheEndOfACredentialIsChosen: a form that does not say when the present one ends changes nothing, since to
// end it at once would stop every program that uses it. Where keys are replaced there is nothing to choose.
func TestTheEndOfACredentialIsChosen(t *testing.T) {
	p := withConsole(t)
	var secrets, keys []int64
	p.services["CreateAppSecret"] = func(req proto.Message) (proto.Message, error) {
		asked, _ := req.(*authzv1.CreateAppSecretRequest)
		secrets = append(secrets, asked.GetOverlapSeconds())
		return &authzv1.CreateAppSecretResponse{ClientSecret: "sentinel"}, nil
	}
	p.services["RotateWorkspaceKey"] = func(req proto.Message) (proto.Message, error) {
		asked, _ := req.(*tokenv1.RotateWorkspaceKeyRequest)
		keys = append(keys, asked.GetOverlapSeconds())
		return &tokenv1.RotateWorkspaceKeyResponse{Key: "sentinel"}, nil
	}
	const path, keysPath = appPages + "/credentials", workspacePages + "/keys"
	send := func(path string, form url.Values) {
		t.Helper()
		form.Set("csrf_token", csrf(t, p.get(path)))
		wantRedirect(t, form.Encode(), p.post(path, form), path)
	}
	for _, form := range []url.Values{
		{"do": {"new-secret"}}, {"do": {"new-secret"}, "overlap": {""}}, {"do": {"new-secret"}, "overlap": {"a day"}},
	} {
		send(path, form)
		wantPage(t, form.Encode(), p.get(path), 200, "<title>Error", "Choose when the present secret ends.", `id="overlap" name="overlap" aria-invalid="true"`)
	}
	for _, form := range []url.Values{{"do": {"rotate"}, "key_id": {"k"}}, {"do": {"rotate"}, "key_id": {"k"}, "overlap": {"a day"}}} {
		send(keysPath, form)
		wantPage(t, form.Encode(), p.get(keysPath), 200, "Choose when the key ends.")
	}
	if len(secrets)+len(keys) > 0 {
		t.Errorf("secrets with %v and keys with %v were replaced", secrets, keys)
	}
	send(path, url.Values{"do": {"new-secret"}, "overlap": {"604800"}})
	send(path, url.Values{"do": {"new-secret"}, "overlap": {"0"}})
	send(keysPath, url.Values{"do": {"rotate"}, "key_id": {"k"}, "overlap": {"0"}})
	if !slices.Equal(secrets, []int64{604800, 0}) || !slices.Equal(keys, []int64{0}) {
		t.Errorf("secrets with %v and keys with %v were replaced", secrets, keys)
	}

	p.services["CreateAppSecret"] = func(proto.Message) (proto.Message, error) {
		return nil, oerr.New(errorv1.Reason_REASON_CONFLICT, "changed", oerr.WithField("newest_secret_id"))
	}
	send(path, url.Values{"do": {"new-secret"}, "overlap": {"604800"}})
	wantPage(t, "the choice is kept", p.get(path), 200, `<option value="604800" selected>`)

	answer, _ := p.services["GetApp"](nil)
	res, _ := answer.(*authzv1.GetAppResponse)
	res.App.Registration.TokenEndpointAuthMethod = "private_key_jwt"
	replaced := false
	p.services["CreateAppSecret"] = func(proto.Message) (proto.Message, error) {
		replaced = true
		return &authzv1.CreateAppSecretResponse{ClientSecret: "sentinel"}, nil
	}
	if send(path, url.Values{"do": {"new-secret"}}); !replaced {
		t.Error("keys are not replaced by a secret")
	}
}

// TestADownloadHasEveryEvent, part by part, and one that ends early is no whole file.
func TestADownloadHasEveryEvent(t *testing.T) {
	p := withConsole(t)
	const parts = 25
	parted := func(last int) func(proto.Message) (proto.Message, error) {
		return func(req proto.Message) (proto.Message, error) {
			asked, _ := req.(*activityv1.ListEventsRequest)
			number := 0
			if token := asked.GetPageToken(); token != "" {
				_, _ = fmt.Sscan(token, &number)
			}
			if number > last {
				return nil, oerr.Unavailable(nil)
			}
			page := &activityv1.ListEventsResponse{}
			for range asked.GetPageSize() {
				page.Events = append(page.Events, &eventv1.Event{Kind: "client.updated", EventTime: timestamppb.Now()})
			}
			if number+1 < parts {
				page.NextPageToken = fmt.Sprint(number + 1)
			}
			return page, nil
		}
	}
	p.services["ListEvents"] = parted(parts)
	rows, err := csv.NewReader(p.get(workspacePages + "/activity/csv").Body).ReadAll()
	if err != nil || len(rows) != parts*1000+1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	p.services["ListEvents"] = parted(3)
	defer func() {
		if recover() == nil {
			t.Error("the response ends as if it were whole")
		}
	}()
	p.get(workspacePages + "/activity/csv")
}

// TestADownloadThatNobodyReceivesIsNotRead: a HEAD request reads a part, which says who may download,
// and one whose client goes away ends there.
func TestADownloadThatNobodyReceivesIsNotRead(t *testing.T) {
	p := withConsole(t)
	reads, leave := 0, func() {}
	p.services["ListEvents"] = func(proto.Message) (proto.Message, error) {
		if reads++; reads > 9 {
			return &activityv1.ListEventsResponse{}, nil
		}
		if reads == 2 {
			leave()
		}
		return &activityv1.ListEventsResponse{NextPageToken: "more"}, nil
	}
	w := p.send(httptest.NewRequest(http.MethodHead, "https://login.test"+workspacePages+"/activity/csv", nil))
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/csv; charset=utf-8" || reads != 1 {
		t.Errorf("HEAD: %d %s after %d reads", w.Code, w.Header().Get("Content-Type"), reads)
	}
	reads = 0
	ctx, cancel := context.WithCancel(t.Context())
	leave = cancel
	defer func() {
		if recover() == nil || reads != 2 {
			t.Errorf("%d parts are read for a client that left during the second", reads)
		}
	}()
	p.send(httptest.NewRequestWithContext(ctx, http.MethodGet, "https://login.test"+workspacePages+"/activity/csv", nil))
}

// TestTheActivityOfAWorkspaceIsSentences, in the language of the reader, with the names of people and clients.
func TestTheActivityOfAWorkspaceIsSentences(t *testing.T) {
	p := withConsole(t)
	john := &eventv1.Actor{Kind: eventv1.ActorKind_ACTOR_KIND_USER, Id: "user_1"}
	p.respond("ListWorkspaceMembers", &identityv1.ListWorkspaceMembersResponse{Members: []*identityv1.WorkspaceMember{
		{UserId: "user_1", DisplayName: "John Doe"}, {UserId: "user_2", DisplayName: "<b>Esther</b>"},
	}}, nil)
	p.respond("ListEvents", &activityv1.ListEventsResponse{ClientNames: map[string]string{"c1": "Example"}, Events: []*eventv1.Event{
		{Kind: "grant.workspace_ended", Actor: john, UserId: "user_2", ClientId: "c1", EventTime: timestamppb.Now()},
		{Kind: "member.added", Actor: &eventv1.Actor{Kind: eventv1.ActorKind_ACTOR_KIND_OPERATOR}, UserId: "user_3", EventTime: timestamppb.Now()},
		{Kind: "of.tomorrow", Actor: &eventv1.Actor{Kind: eventv1.ActorKind_ACTOR_KIND_SERVICE, Id: "token"}, EventTime: timestamppb.Now()},
		{Kind: "grant.token_revoked", Actor: &eventv1.Actor{Kind: eventv1.ActorKind_ACTOR_KIND_OPERATOR}, UserId: "user_1", ClientId: "c1", EventTime: timestamppb.Now()},
		{Kind: "grant.token_revoked", Actor: &eventv1.Actor{Kind: eventv1.ActorKind_ACTOR_KIND_CLIENT, Id: "c1"}, UserId: "user_1", ClientId: "c1", EventTime: timestamppb.Now()},
	}}, nil)
	wantPage(t, "the activity", p.get(workspacePages+"/activity"), 200,
		"An administrator disconnected <bdi>Example</bdi>", "<bdi>John Doe</bdi> ·", "for <bdi>&lt;b&gt;Esther&lt;/b&gt;</bdi>",
		"<bdi>user_3</bdi> became a member", "The operator ·", "Something happened: <bdi>of.tomorrow</bdi>",
		"An operator revoked a token of <bdi>Example</bdi>", "<bdi>Example</bdi> gave back a token",
	)
	german := httptest.NewRequest("GET", "https://login.test"+workspacePages+"/activity", nil)
	german.Header.Set("Accept-Language", "de")
	wantPage(t, "in German", p.send(german), 200, "Ein Verwalter hat <bdi>Example</bdi> getrennt", "<bdi>user_3</bdi> ist jetzt Mitglied")
	wantDownload := func(r *http.Request, want string) {
		t.Helper()
		body := strings.Split(p.send(r).Body.String(), "\r\n")
		if len(body) != 7 || body[0] != "\ufefftime,what,by,event,actor_kind,actor,user,client,object,count,changes,details,request_id" || !strings.Contains(body[1], want) {
			t.Errorf("the download is %q, want %q", body, want)
		}
	}
	wantDownload(httptest.NewRequest("GET", "https://login.test"+workspacePages+"/activity/csv", nil),
		",An administrator disconnected Example,John Doe,grant.workspace_ended,user,user_1,user_2,c1,,")
	german = httptest.NewRequest("GET", "https://login.test"+workspacePages+"/activity/csv", nil)
	german.Header.Set("Accept-Language", "de")
	wantDownload(german, ",Ein Verwalter hat Example getrennt,John Doe,grant.workspace_ended,user,user_1,")
	p.respond("ListWorkspaceMembers", nil, oerr.Unavailable(nil))
	wantPage(t, "without the names", p.get(workspacePages+"/activity"), 200, "<bdi>user_1</bdi> ·")
}

// TestTheLogHasAChartAndAFilterByTime: the hours of the last day, with what was granted, and the rows of a
// span only, as a page and as JSON.
func TestTheLogHasAChartAndAFilterByTime(t *testing.T) {
	p := withConsole(t)
	const path = appPages + "/requests"
	row := func(ago time.Duration, count int64, cause errorv1.Cause) *activityv1.LoggedRequest {
		at := timestamppb.New(time.Now().Add(-ago))
		kind := &activityv1.RequestKind{Endpoint: "/oauth/token", Method: "POST", Status: 200, Cause: cause}
		if cause != errorv1.Cause_CAUSE_UNSPECIFIED {
			kind.Status = 400
		}
		return &activityv1.LoggedRequest{Kind: kind, Count: count, FirstTime: at, LastTime: at, RequestId: fmt.Sprint(cause)}
	}
	all := []*activityv1.LoggedRequest{
		row(0, 40, errorv1.Cause_CAUSE_UNSPECIFIED), row(time.Minute, 3, errorv1.Cause_CAUSE_SECRET_WRONG),
		row(2*time.Hour, 4, errorv1.Cause_CAUSE_CODE_EXPIRED), row(48*time.Hour, 5, errorv1.Cause_CAUSE_SCOPE_UNKNOWN),
	}
	var tolerated *activityv1.LoggedRequest
	p.services["ListRequests"] = func(req proto.Message) (proto.Message, error) {
		asked, _ := req.(*activityv1.ListRequestsRequest)
		if asked.GetRequestId() != "" { // no row has it
			return &activityv1.ListRequestsResponse{}, nil
		}
		if asked.GetWithTolerated() && tolerated != nil {
			return &activityv1.ListRequestsResponse{Requests: []*activityv1.LoggedRequest{tolerated}}, nil
		}
		if asked.GetRefusedOnly() {
			return &activityv1.ListRequestsResponse{Requests: all[1:], NextPageToken: "next"}, nil
		}
		return &activityv1.ListRequestsResponse{Requests: all}, nil
	}
	for query, want := range map[string][]bool{"": {true, true, true, true}, "?since=24h": {true, true, false, false}, "?since=1h": {true, false, false, false}} {
		body, asJSON := p.get(path+query).Body.String(), p.get(path+"/json"+query).Body.String()
		for i, heading := range []string{"Secret is wrong", "Code has expired", "Permission does not exist", `rel="next"`} {
			if got := strings.Contains(body, heading); got != want[i] {
				t.Errorf("%s has %q: %v", query, heading, got)
			}
		}
		for i, cause := range []string{"CAUSE_SECRET_WRONG", "CAUSE_CODE_EXPIRED", "CAUSE_SCOPE_UNKNOWN", "next_page_token"} {
			if got := strings.Contains(asJSON, cause); got != want[i] {
				t.Errorf("as JSON %s has %q: %v", query, cause, got)
			}
		}
		if !strings.Contains(body, "7 refused</p>") || !strings.Contains(body, "40 granted</p>") || strings.Count(body, `<rect class="bad"`) < 2 {
			t.Errorf("%s has no chart of 7 refused and 40 granted: %s", query, body)
		}
	}
	all = all[3:]
	wantPage(t, "nothing in the span", p.get(path+"?since=1h"), 200, "No refused request is like that", "Show all")
	wantPage(t, "an id that no row has", p.get(path+"?request_id=earlier"), 200, "No refused request here has this id", "with the id of the last one", "or among the granted ones", "Show all")
	wantPage(t, "among the granted ones", p.get(path+"?outcome=granted&request_id=earlier"), 200, "No granted request here has this id", "Show all")
	tolerated = row(0, 1, errorv1.Cause_CAUSE_UNSPECIFIED)
	tolerated.Kind.Got = &activityv1.RequestFacts{Scope: "videos:read", Tolerated: "scope_spaces"}
	wantPage(t, "granted with extra spaces", p.get(path), 200, "Extra spaces in scope", "by single spaces", "scope_spaces", "Granted")
}

// upload posts a file to the form of the manifest.
func upload(t *testing.T, p browser, token string, files ...string) *httptest.ResponseRecorder {
	t.Helper()
	return uploadTo(t, p, appPages+"/manifest/upload", map[string]string{"csrf_token": token}, files...)
}

// uploadTo posts fields and files to a form.
func uploadTo(t *testing.T, p browser, path string, fields map[string]string, files ...string) *httptest.ResponseRecorder {
	t.Helper()
	return p.send(uploadRequest(t, path, fields, files...))
}

// uploadRequest is the request of uploadTo.
func uploadRequest(t *testing.T, path string, fields map[string]string, files ...string) *http.Request {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range files {
		part, err := form.CreateFormFile("file", "app.yaml")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write([]byte(file)) // a buffer
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "https://login.test"+path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return r
}

// TestAManifestIsUploadedAsAFile: it is read as strictly as the text, and bounded.
func TestAManifestIsUploadedAsAFile(t *testing.T) {
	p := withConsole(t)
	const path = appPages + "/manifest"
	changes := 0
	p.services["UpdateApp"] = func(proto.Message) (proto.Message, error) {
		changes++
		return &authzv1.UpdateAppResponse{}, nil
	}
	token := csrf(t, p.get(path))
	text := p.get(path + "/download").Body.String()
	wantRedirect(t, "another name", upload(t, p, token, strings.Replace(text, "Example", "Renamed", 1)), path)
	wantPage(t, "another name", p.get(path), 200, "The change is saved.")
	wantRedirect(t, "nothing new", upload(t, p, token, text), path)
	wantPage(t, "nothing new", p.get(path), 200, "There was nothing to change.")
	if changes != 1 {
		t.Errorf("%d changes", changes)
	}
	for name, row := range map[string]struct{ file, shows string }{
		"an unknown member": {text + "unknown: 1\n", "unknown: 1"}, "another app": {strings.ReplaceAll(text, "vdo_client_1", "vdo_client_2"), "vdo_client_2"},
		"no text": {"\xff\xfe", "no text in UTF-8"}, "a NUL": {text + "\x00", "no text in UTF-8"},
		"many empty lines": {text + strings.Repeat("\n", 50<<10) + "unknown: 1\n", "too long to be shown again"}, // short when compressed
	} {
		wantRedirect(t, name, upload(t, p, token, row.file), path)
		wantPage(t, name, p.get(path), 200, "The manifest cannot be used.", row.shows)
	}
	wantRedirect(t, "an empty file", upload(t, p, token, ""), path)
	wantPage(t, "an empty file", p.get(path), 200, "There was nothing to change.")
	if w := upload(t, p, token, text, text); w.Code != 400 {
		t.Errorf("two files: %d", w.Code)
	}
	for name, size := range map[string]int{"70 KiB": 70 << 10, "100 KiB": 100 << 10} {
		wantRedirect(t, name, upload(t, p, token, text+"#"+strings.Repeat("x", size)), path)
		wantPage(t, name, p.get(path), 200, "The file is too large: at most 64 KiB are allowed.", `href="#file"`)
	}
	if w := upload(t, p, "wrong", text); w.Code != 303 || changes != 1 {
		t.Errorf("a form of another page: %d, %d changes", w.Code, changes)
	}
}

// TestAnInputThatNoCookieHoldsIsSaidToBeLost, and the others stay.
func TestAnInputThatNoCookieHoldsIsSaidToBeLost(t *testing.T) {
	p := withConsole(t)
	const path = appPages + "/about"
	p.respond("UpdateApp", nil, oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "is too long", oerr.WithField("purpose")))
	var random strings.Builder
	for random.Len() < 8<<10 {
		random.WriteString(rand.Text())
	}
	form := url.Values{"csrf_token": {csrf(t, p.get(path))}, "do": {"save"}, "name": {"Another name"}, "purpose": {random.String()}, "publisher": {"Publisher"}}
	wantRedirect(t, "random text", p.post(path, form), path)
	w := p.get(path)
	wantPage(t, "random text", w, 200, "The purpose has at most 140 characters", "too long to be shown again", `value="Another name"`, `value="Publisher"`)
	form.Set("purpose", strings.Repeat("many words ", 800))
	wantRedirect(t, "words", p.post(path, form), path)
	wantPage(t, "words", p.get(path), 200, form.Get("purpose"), `value="Another name"`)
	form.Set("purpose", "x")
	for range 2000 {
		form.Set(rand.Text(), "")
	}
	wantRedirect(t, "many fields", p.post(path, form), path)
	wantPage(t, "many fields", p.get(path), 200, "The purpose has at most 140 characters", "too long to be shown again")
}

// TestWire5_AFormThatIsTooLongRedirectsToItsPage, which says the limit.
func TestWire5_AFormThatIsTooLongRedirectsToItsPage(t *testing.T) {
	p := withConsole(t)
	for _, path := range []string{appPages + "/manifest", appPages + "/about", "/developers/apps/new", workspacePages + "/keys"} {
		form := url.Values{"csrf_token": {csrf(t, p.get(path))}, "manifest": {strings.Repeat("x", 64<<10)}}
		wantRedirect(t, path, p.post(path, form), path)
		wantPage(t, path, p.get(path), 200, "The form is too long: at most 64 KiB can be sent at once.", "too long to be shown again")
		if w := p.get(path); strings.Contains(w.Body.String(), "The form is too long") {
			t.Errorf("%s says it once more", path)
		}
	}
	out := p
	out.cookies = map[string]*http.Cookie{}
	wantRedirect(t, "signed out", out.post(appPages+"/manifest", url.Values{"manifest": {strings.Repeat("x", 64<<10)}}), "/signin?page=developers&at=%2Fdevelopers%2Fapps%2Fvdo_client_1%2Fmanifest")
}
