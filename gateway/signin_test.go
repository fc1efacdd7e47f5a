package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

func TestFault_A6_AThrottledSignInHasTheTimeOfTheNextAttempt(t *testing.T) {
	p := newBrowser(t)
	var received *identityv1.AuthenticateUserRequest
	p.services["AuthenticateUser"] = func(req proto.Message) (proto.Message, error) {
		received, _ = req.(*identityv1.AuthenticateUserRequest)
		return nil, oerr.New(errorv1.Reason_REASON_RATE_LIMITED, "x", oerr.WithRetryAfter(30*time.Second))
	}
	form := url.Values{"csrf_token": {csrf(t, p.get("/signin"))}, "email": {"john@example.com"}, "password": {"p"}}
	r := httptest.NewRequest(http.MethodPost, "https://login.test/signin", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-For", "127.0.0.1") // not from a trusted proxy
	w := p.send(r)
	if w.Code != http.StatusSeeOther || w.Header().Get("Retry-After") != "30" || w.Header().Get("Location") != "/signin" {
		t.Errorf("it responds %d %v", w.Code, w.Header())
	}
	if w := p.get("/signin"); !regexp.MustCompile(`Try again at \d\d:\d\d UTC \(in (30|29|28) seconds\)`).MatchString(w.Body.String()) {
		t.Errorf("the page is %s", w.Body)
	}
	if received.GetSourceAddress() != "192.0.2.1" {
		t.Errorf("identity received %q", received.GetSourceAddress())
	}
}
