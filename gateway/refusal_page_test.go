package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// TestARefusedRequestLeadsToThoseWhoCanMendIt: the user to the publisher of a verified client, and its author to
// this request in the log. No part of the request is on the page, and no address that is not https.
func TestARefusedRequestLeadsToThoseWhoCanMendIt(t *testing.T) {
	const publisher, author = `<a href="https://app.test/?a=1&amp;b=2" class="button" rel="noopener noreferrer nofollow"><span>Tell <bdi>App &lt;Labs&gt;</bdi></span></a>`, "I develop this app"
	for name, row := range map[string]struct {
		refused       *authzv1.ErrorPage
		shown, hidden []string
	}{
		"a verified app of a workspace": {
			&authzv1.ErrorPage{ClientName: "The App", ClientId: "vdo_client_1", ClientUri: "https://app.test/?a=1&b=2", Publisher: "App <Labs>"},
			[]string{publisher, author, "Go to your connected apps"},
			nil,
		},
		"without a publisher": {
			&authzv1.ErrorPage{ClientName: "The App", ClientUri: "https://app.test"}, []string{"Tell <bdi>The App</bdi>"}, []string{author},
		},
		"not verified": {&authzv1.ErrorPage{ClientName: "The App", ClientId: "vdo_client_1"}, []string{author}, []string{"Tell "}},
		"no address of the web": {
			&authzv1.ErrorPage{ClientName: "The App", ClientUri: "javascript:alert(1)", Publisher: "App Labs"}, []string{"Go to your connected apps"}, []string{"Tell ", "alert"},
		},
		"not known": {&authzv1.ErrorPage{}, []string{"Go to your connected apps"}, []string{"Tell ", author}},
	} {
		p := newBrowser(t)
		row.refused.Message = "The app asked to return to an address that it has not registered."
		p.respond("StartAuthorization", &authzv1.StartAuthorizationResponse{Step: &authzv1.Step{Next: &authzv1.Step_ErrorPage{ErrorPage: row.refused}}}, nil)
		w := p.get("/oauth/authorize?client_id=sentinel&redirect_uri=https://evil.test/sentinel")
		wantPage(t, name, w, http.StatusBadRequest, row.shown...)
		for _, text := range append(row.hidden, "sentinel", "evil.test") {
			if strings.Contains(w.Body.String(), text) {
				t.Errorf("%s: the page has %q", name, text)
			}
		}
		link := regexp.MustCompile(`href="/developers/apps/vdo_client_1/requests\?request_id=([^"]+)"`).FindStringSubmatch(w.Body.String())
		if row.refused.GetClientId() != "" && (link == nil || link[1] != w.Header().Get("Usher-Request-Id")) {
			t.Errorf("%s: the author is sent to %q, and the request is %s", name, link, w.Header().Get("Usher-Request-Id"))
		}
	}
}

// TestAnAppsMistakeIsToldWithoutItsParameters, which are for its author: the user can mend nothing.
func TestAnAppsMistakeIsToldWithoutItsParameters(t *testing.T) {
	const wrong = "It sent us a request that is wrong, so we stopped."
	for why, said := range map[errorv1.Cause]string{
		errorv1.Cause_CAUSE_REDIRECT_URI_UNREGISTERED: "It asked us to send you to an address that it has not registered, so we stopped.",
		errorv1.Cause_CAUSE_PARAMETER_MISSING:         wrong,
		errorv1.Cause_CAUSE_PARAMETER_REPEATED:        wrong,
		errorv1.Cause_CAUSE_STATE_TOO_LONG:            wrong,
	} {
		p, message := newBrowser(t), "what is wrong with redirect_uri"
		p.respond("StartAuthorization", &authzv1.StartAuthorizationResponse{Step: &authzv1.Step{
			Refusal: &authzv1.Refusal{Cause: why, ClientId: "vdo_client_1"},
			Next:    &authzv1.Step_ErrorPage{ErrorPage: &authzv1.ErrorPage{Message: message, ClientName: "The <App>", ClientId: "vdo_client_1"}},
		}}, nil)
		w := p.get("/oauth/authorize?client_id=x")
		wantPage(t, why.String(), w, http.StatusBadRequest, "<title>The &lt;App&gt; made a mistake – ", "<h1><bdi>The &lt;App&gt;</bdi> made a mistake</h1>",
			"<p>"+said+" There is nothing that you can do here.</p>", "Nothing was shared with any app.", `/developers/apps/vdo_client_1/requests?request_id=`+w.Header().Get("Usher-Request-Id"))
		people, author, folded := strings.Cut(w.Body.String(), "<summary>I develop this app</summary>")
		if !folded || strings.Contains(people, message) || !strings.Contains(author, message) {
			t.Errorf("%s: it is not for the author alone: %s", why, w.Body)
		}
	}
}

// TestASentenceForTheAuthorSaysThatItIsEnglish, also on a page in another language.
func TestASentenceForTheAuthorSaysThatItIsEnglish(t *testing.T) {
	p := newBrowser(t)
	german := func(path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "https://login.test"+path, nil)
		r.Header.Set("Accept-Language", "de")
		return p.send(r)
	}
	p.respond("StartAuthorization", &authzv1.StartAuthorizationResponse{Step: &authzv1.Step{Next: &authzv1.Step_ErrorPage{
		ErrorPage: &authzv1.ErrorPage{Message: "The app's description at %s is wrong. For its author: %s.", Names: []string{"app.test", "the name is missing"}},
	}}}, nil)
	wantPage(t, "a description", german("/oauth/authorize?client_id=x"), http.StatusBadRequest, "<bdi>app.test</bdi>", `<bdi lang="en">the name is missing</bdi>`)
	p = signedIn(t)
	p.respond("LookUpAuthorization", refusedFor("request", "https://app.test", "https://app.test/cb?error=invalid_scope"), nil)
	wantPage(t, "a request", german("/signin?request=request"), http.StatusBadRequest, "<bdi>app.test</bdi>", `<bdi lang="en">the parameter scope has &#39;videos:raed&#39;</bdi>`)
}

// TestTheOtherPagesOfARefusalLeadToTheLogToo: that of an unverified client, to the request that was
// refused and not to the page's own, and that of a client that is not live yet.
func TestTheOtherPagesOfARefusalLeadToTheLogToo(t *testing.T) {
	const author, logged = `<a class="standing" href="/developers/apps/vdo_client_1/requests?request_id=`, "3f0c7a52-6f6e-4d2c-9d55-0a5d0a0c6d11"
	for _, owned := range []string{"vdo_client_1", ""} {
		p := signedIn(t)
		found := refusedFor("request", "https://app.test", "https://app.test/cb?error=invalid_scope")
		found.ClientId, found.Step.Refusal.LoggedAs = owned, logged
		p.respond("LookUpAuthorization", found, nil)
		if body := p.get("/signin?request=request").Body.String(); strings.Contains(body, author+logged) != (owned != "") || strings.Contains(body, "I develop this app") != (owned != "") {
			t.Errorf("of %q: %s", owned, body)
		}
	}
	p := signedIn(t)
	p.respond("GetPrompt", nil, oerr.Refuse(errorv1.Cause_CAUSE_CLIENT_NOT_LIVE, "text", oerr.WithClient("vdo_client_1")))
	w := p.get("/consent?request=request")
	wantPage(t, "not open yet", w, http.StatusForbidden, "This app is not open yet", author+w.Header().Get("Usher-Request-Id"))
}
