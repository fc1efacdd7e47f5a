package gateway_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/vidocu/usher/gateway"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
)

const (
	viewVideos = "View videos in the workspace"
	export     = "Export videos"
)

// northwind is the prompt of a verified client that requests two scopes.
func northwind() *consentv1.GetPromptResponse {
	return &consentv1.GetPromptResponse{
		ClientName: "Northwind Captions", RedirectOrigin: "https://captions.northwind.example", DisplayName: "John Doe", EmailAddress: "john.doe@gmail.com",
		Identity: &authzv1.AppIdentity{
			Publisher: "Northwind Labs GmbH", Purpose: "Writes captions", ClientUri: "https://northwind.example", Verified: true,
			PolicyUri: "https://northwind.example/privacy", TosUri: "https://northwind.example/terms", Logo: strings.Repeat("a1", 32),
		},
		Scopes: []*consentv1.PromptScope{{Name: "videos:read", Description: viewVideos}, {Name: "export:write", Description: export}},
		Workspaces: []*consentv1.PromptWorkspace{
			{WorkspaceId: "ws_acme", Name: "Acme Studio", Plan: "pro", Role: "administrator"}, {WorkspaceId: "ws_doe", Name: "Doe Family", Plan: "free", Role: "member"},
		},
		Page: &consentv1.Page{ClientId: "vdo_client_k2v9", Epoch: 7}, OneClick: true,
	}
}

// consentPage returns the body of the consent page of a prompt, after changes.
func consentPage(t *testing.T, p browser, change ...func(*consentv1.GetPromptResponse)) string {
	t.Helper()
	prompt := northwind()
	for _, c := range change {
		c(prompt)
	}
	p.respond("GetPrompt", prompt, nil)
	w := p.get("/consent?request=" + secret.NewCode().Reveal())
	wantPage(t, "the consent page", w, 200)
	return w.Body.String()
}

func wantIn(t *testing.T, what, body string, want ...string) {
	t.Helper()
	for _, text := range want {
		if !strings.Contains(body, text) {
			t.Errorf("%s lacks %q:\n%s", what, text, body)
		}
	}
}

func wantNotIn(t *testing.T, what, body string, unwanted ...string) {
	t.Helper()
	for _, text := range unwanted {
		if strings.Contains(body, text) {
			t.Errorf("%s has %q:\n%s", what, text, body)
		}
	}
}

func granted(workspace string, scopes ...string) *consentv1.GrantedWorkspace {
	return &consentv1.GrantedWorkspace{WorkspaceId: workspace, Scopes: scopes}
}

func TestTheConsentPageSaysWhoTheAppIs(t *testing.T) {
	config := gateway.DefaultConfig()
	config.ReportURL = "https://vidocu.example/report?from=consent"
	p := signedInWith(t, config)
	body := consentPage(t, p)
	wantIn(t, "a verified app", body,
		`By <a href="https://northwind.example" rel="noreferrer nofollow"><bdi>Northwind Labs GmbH</bdi></a>`, "Verified publisher</span>", "<bdi>Writes captions</bdi>",
		`<img class="avatar large" src="/logos/`+strings.Repeat("a1", 32)+`.png" alt="" width="48" height="48">`,
		`<a href="https://northwind.example/privacy" rel="noreferrer nofollow">The app&#39;s privacy policy</a>`, `<a href="https://northwind.example/terms"`,
		`<a href="https://vidocu.example/report?client_id=vdo_client_k2v9&amp;from=consent" rel="noreferrer nofollow">Report this app</a>`)
	wantNotIn(t, "a verified app", body, "Nobody here has checked")

	unchecked := consentPage(t, p, func(r *consentv1.GetPromptResponse) {
		r.Identity = &authzv1.AppIdentity{ClientUri: "https://evil.example/a", PolicyUri: "https://bank.example/privacy", SelfRegistered: true}
	})
	wantIn(t, "an app that registered itself", unchecked,
		"Nobody here has checked who made this app. Go on only if you came from <bdi>captions.northwind.example</bdi> yourself.",
		`Its website, as it says: <a href="https://evil.example/a" rel="noreferrer nofollow"><bdi>evil.example</bdi></a>`,
		"The app&#39;s privacy policy (bank.example)", `aria-hidden="true">N</span>`)
	wantNotIn(t, "an app that registered itself", unchecked, "Verified", "<img")

	unknown := consentPage(t, p, func(r *consentv1.GetPromptResponse) { r.Identity, r.OneClick = nil, false })
	wantNotIn(t, "an app of release 0.1", unknown, "Verified", "Nobody here has checked", "<img")
}

func TestTheConsentPageShowsWhatIsNewFirst(t *testing.T) {
	p := signedIn(t)
	first := consentPage(t, p)
	wantIn(t, "the first time", first, "In this workspace it will be able to", "wants to use a workspace of yours")
	wantNotIn(t, "the first time", first, "Connected</span>", ">New<", `value="ws_acme" required checked`)

	again := consentPage(t, p, func(r *consentv1.GetPromptResponse) {
		r.Granted = append(r.Granted, granted("ws_acme", "videos:read", "jobs:read"))
	})
	wantIn(t, "with one new permission", again, "<bdi>Northwind Captions</bdi> asks for one more permission", "<h2>New</h2>", "One permission that it has where it is connected",
		`value="ws_acme" required checked`, "Connected</span>", `value="approve">Allow<`)
	if strings.Index(again, export) > strings.Index(again, viewVideos) || strings.Index(again, viewVideos) < strings.Index(again, "<summary>One permission") {
		t.Errorf("what is new is not first: %s", again)
	}
	two := consentPage(t, p, func(r *consentv1.GetPromptResponse) {
		r.Granted = append(r.Granted, granted("ws_acme", "videos:read", "export:write"), granted("ws_doe", "videos:read"))
	})
	wantIn(t, "with a permission that is new in one workspace", two, "asks for one more permission", "One permission that it has")
	wantNotIn(t, "connected in two workspaces", two, "required checked", "Continue</button>")
}

func TestAnAppThatHasEverythingGoesOnWithOneClick(t *testing.T) {
	p := signedIn(t)
	everything := func(r *consentv1.GetPromptResponse) {
		r.Granted = []*consentv1.GrantedWorkspace{granted("ws_acme", "videos:read", "export:write")}
	}
	body := consentPage(t, p, everything)
	wantIn(t, "the short page", body, "already has everything that it asks for", `<input type="hidden" name="workspace_id" value="ws_acme">`,
		`value="approve">Continue<`, `value="deny"`, `value="switch"`, "&amp;whole=1", "2 permissions that it has")
	wantNotIn(t, "the short page", body, `type="radio"`, "Doe Family")

	for what, change := range map[string]func(*consentv1.GetPromptResponse){
		"not verified or public": func(r *consentv1.GetPromptResponse) { r.OneClick = false },
		"new in this workspace":  func(r *consentv1.GetPromptResponse) { r.Granted[0].Scopes = []string{"videos:read"} },
		"in two workspaces": func(r *consentv1.GetPromptResponse) {
			r.Granted = append(r.Granted, granted("ws_doe", "videos:read", "export:write"))
		},
		"not in a workspace of the user": func(r *consentv1.GetPromptResponse) { r.Granted[0].WorkspaceId = "ws_left" },
		"without access":                 func(r *consentv1.GetPromptResponse) { r.Granted = nil },
	} {
		wantNotIn(t, what, consentPage(t, p, everything, change), "Continue</button>", "already has everything")
	}
	request := secret.NewCode().Reveal()
	whole := p.get("/consent?whole=1&request=" + request).Body.String()
	wantIn(t, "the whole page", whole, `type="radio"`, `value="approve">Allow<`)
	p.respond("Decide", &consentv1.DecideResponse{Location: "https://captions.northwind.example/cb?code=1"}, nil)
	w := p.post("/consent/decision", url.Values{"csrf_token": {csrf(t, p.get("/consent?request="+request))}, "request": {request}, "workspace_id": {"ws_acme"}, "decision": {"approve"}})
	if w.Code != 303 || !strings.HasSuffix(w.Header().Get("Location"), "code=1") {
		t.Errorf("Continue leads to %d %q", w.Code, w.Header().Get("Location"))
	}
}

// chooser is a browser on a consent page with an optional permission, which records the decisions.
func chooser(t *testing.T) (p browser, post func(form url.Values) string, made *[]*consentv1.DecideRequest) {
	t.Helper()
	p, made = signedIn(t), &[]*consentv1.DecideRequest{}
	prompt := northwind()
	prompt.Scopes[1].Optional = true
	p.respond("GetPrompt", prompt, nil)
	p.services["Decide"] = func(req proto.Message) (proto.Message, error) {
		decide, _ := req.(*consentv1.DecideRequest)
		*made = append(*made, decide)
		if slices.Contains(decide.GetScopes(), "billing:write") {
			return nil, oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "scopes have one that the app did not request", oerr.WithField("scopes"))
		}
		return &consentv1.DecideResponse{Location: "https://captions.northwind.example/cb?code=1"}, nil
	}
	request := secret.NewCode().Reveal()
	return p, func(form url.Values) string {
		t.Helper()
		form.Set("csrf_token", csrf(t, p.get("/consent?request="+request)))
		form.Set("request", request)
		w := p.post("/consent/decision", form)
		if w.Code != 303 {
			t.Errorf("the decision returns %d", w.Code)
		}
		if location := w.Header().Get("Location"); !strings.HasPrefix(location, "/") {
			return location
		}
		return p.get(w.Header().Get("Location")).Body.String()
	}, made
}

func TestTheDecisionCarriesTheChosenScopes(t *testing.T) {
	p, post, made := chooser(t)
	page := p.get("/consent?request=" + secret.NewCode().Reveal()).Body.String()
	wantIn(t, "the page", page, `<input type="hidden" name="scope" value="videos:read">`, `<label><input type="checkbox" name="scope" value="export:write" checked><span>Export videos <span class="why">Optional: the app works without it.</span></span>`)
	for name, row := range map[string]struct {
		sent, scopes []string
		chosen       bool
	}{
		"ticked":                {[]string{"videos:read", "export:write"}, []string{"videos:read", "export:write"}, true},
		"not ticked":            {[]string{"videos:read"}, []string{"videos:read"}, true},
		"in one value":          {[]string{"videos:read  export:write"}, []string{"videos:read", "export:write"}, true},
		"a form without fields": {nil, nil, false},
	} {
		*made = nil
		form := url.Values{"decision": {"approve"}, "workspace_id": {"ws_acme"}}
		if row.sent != nil {
			form["scope"] = row.sent
		}
		post(form)
		if len(*made) != 1 || (*made)[0].GetScopesChosen() != row.chosen || !slices.Equal((*made)[0].GetScopes(), row.scopes) {
			t.Errorf("%s: decided %v", name, *made)
		}
	}
}

func TestAChoiceIsKeptWhenTheFormIsShownAgain(t *testing.T) {
	_, post, made := chooser(t)
	body := post(url.Values{"decision": {"approve"}, "scope": {"videos:read"}})
	wantIn(t, "without a workspace", body, "Choose a workspace.", `value="export:write"><span>`)
	wantIn(t, "without a permission", post(url.Values{"decision": {"approve"}, "workspace_id": {"ws_acme"}, "scope": {""}}),
		"Choose at least one permission, or deny.", `<a href="#permissions">`, `value="ws_acme" required checked`)
	if len(*made) > 0 {
		t.Errorf("decided %v", *made)
	}
	wantIn(t, "with a scope that was not requested", post(url.Values{"decision": {"approve"}, "workspace_id": {"ws_acme"}, "scope": {"videos:read", "billing:write"}}),
		"Nothing was decided.", `value="ws_acme" required checked`)
}

func TestConnectedAppsSayWhoTheyAre(t *testing.T) {
	p := signedIn(t)
	p.respond("ListConnectedApps", &consentv1.ListConnectedAppsResponse{Apps: []*consentv1.ConnectedApp{
		{ClientId: "a", ClientName: "Northwind Captions", ApproveTime: timestamppb.Now(), Identity: northwind().GetIdentity()},
		{ClientId: "b", ClientName: "Reelworks", ApproveTime: timestamppb.Now(), Identity: &authzv1.AppIdentity{ClientUri: "https://reelworks.example/x", SelfRegistered: true}},
		{ClientId: "c", ClientName: "Of release 0.1", ApproveTime: timestamppb.Now()},
	}}, nil)
	body := p.get("/account/connected-apps").Body.String()
	wantIn(t, "the list", body, `<img class="avatar" src="/logos/`, "Verified publisher</span>",
		`<dt>Made by</dt><dd><a href="https://northwind.example" rel="noreferrer nofollow"><bdi>Northwind Labs GmbH</bdi></a></dd>`, "Writes captions",
		`<dt>Its website</dt><dd><a href="https://reelworks.example/x" rel="noreferrer nofollow"><bdi>reelworks.example</bdi></a></dd>`, "<dt>Checked</dt><dd>Nobody here has checked who made this app.</dd>")
	if strings.Count(body, "<dt>Checked</dt>") != 1 || strings.Count(body, "<img") != 1 {
		t.Errorf("the list: %s", body)
	}
}

func TestALogoIsServedFromThisOrigin(t *testing.T) {
	p, hash := newBrowser(t), strings.Repeat("0f", 32)
	p.respond("GetLogo", &authzv1.GetLogoResponse{Png: []byte("\x89PNG…")}, nil)
	w := p.get("/logos/" + hash + ".png")
	for name, want := range map[string]string{
		"Content-Type": "image/png", "Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'", "Etag": `"` + hash + `"`, "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := w.Header().Get(name); w.Code != 200 || got != want {
			t.Errorf("%d %s: %q, want %q", w.Code, name, got, want)
		}
	}
	p.respond("GetLogo", nil, oerr.New(errorv1.Reason_REASON_UNAVAILABLE, "down"))
	if w := p.get("/logos/" + hash + ".png"); w.Code != 503 || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("without authz: %d %v", w.Code, w.Header())
	}
	p.respond("GetLogo", nil, oerr.New(errorv1.Reason_REASON_NOT_FOUND, "unknown"))
	for _, path := range []string{hash + ".png", hash, hash + ".svg", strings.ToUpper(hash) + ".png", hash[2:] + ".png", "../" + hash + ".png", hash + "%2epng", ""} {
		if w := p.get("/logos/" + path); w.Code != 404 || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("/logos/%s: %d %v", path, w.Code, w.Header())
		}
	}
	if w := p.post("/logos/"+hash+".png", nil); w.Code != 404 {
		t.Errorf("POST: %d", w.Code)
	}
}

// TestTheConsentPageIsInTheUsersLanguageAndZone: the user chose them on the profile, and the browser
// asks for another language.
func TestTheConsentPageIsInTheUsersLanguageAndZone(t *testing.T) {
	p := signedInWith(t, gateway.DefaultConfig())
	at := time.Date(2026, 3, 4, 23, 30, 0, 0, time.UTC)
	body := consentPage(t, p, func(r *consentv1.GetPromptResponse) {
		r.Language, r.TimeZone = "de", "Europe/Berlin"
		r.Device = &consentv1.Device{RequestTime: timestamppb.New(at)}
	})
	wantIn(t, "the page of a user who reads German", body, `<html lang="de"`, "5. März 2026, 00:30 CET")
	body = consentPage(t, p, func(r *consentv1.GetPromptResponse) {
		r.Language, r.TimeZone = "xx", "Nowhere/Unknown"
		r.Device = &consentv1.Device{RequestTime: timestamppb.New(at)}
	})
	wantIn(t, "the page of an unknown language and zone", body, `<html lang="en"`, "4 March 2026, 23:30 UTC")
}
