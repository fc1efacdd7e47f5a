package gateway_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// consoleRow returns the page of the refused requests with one row.
func consoleRow(t *testing.T, k *activityv1.RequestKind) string {
	t.Helper()
	return consoleRowOf(t, &activityv1.LoggedRequest{Kind: k, Count: 1})
}

// consoleRowOf is consoleRow with a row that may count several kinds.
func consoleRowOf(t *testing.T, row *activityv1.LoggedRequest) string {
	t.Helper()
	p := withConsole(t)
	row.FirstTime, row.LastTime, row.RequestId = timestamppb.Now(), timestamppb.Now(), "a request"
	p.respond("ListRequests", &activityv1.ListRequestsResponse{Requests: []*activityv1.LoggedRequest{row}}, nil)
	w := p.get(appPages + "/requests")
	if w.Code != http.StatusOK {
		t.Fatalf("the page is %d", w.Code)
	}
	return w.Body.String()
}

// TestFault_D3_EveryCauseHasItsWordsOnThePageOfRequests: its meaning, the advice, and the address of its documentation.
func TestFault_D3_EveryCauseHasItsWordsOnThePageOfRequests(t *testing.T) {
	p := withConsole(t)
	cause := errorv1.Cause_CAUSE_UNSPECIFIED
	p.services["ListRequests"] = func(proto.Message) (proto.Message, error) {
		return &activityv1.ListRequestsResponse{Requests: []*activityv1.LoggedRequest{{
			Kind: &activityv1.RequestKind{Endpoint: "/oauth/token", Method: "POST", Status: http.StatusBadRequest, Cause: cause}, Count: 1,
			FirstTime: timestamppb.Now(), LastTime: timestamppb.Now(),
		}}}, nil
	}
	for number := range errorv1.Cause_name {
		if cause = errorv1.Cause(number); cause == errorv1.Cause_CAUSE_UNSPECIFIED {
			continue
		}
		body := html.UnescapeString(p.get(appPages + "/requests").Body.String())
		label := oerr.CauseLabel(cause)
		words := regexp.MustCompile(`(?s)<div class="gap">.*?<p[^>]*>([^<]+)</p>\s*<div><h3>To fix it</h3><p[^>]*>([^<]+)</p>`).FindStringSubmatch(body)
		switch {
		case words == nil:
			t.Errorf("%s is not explained on the page", label)
		case words[2] == "Look at the documentation.":
			t.Errorf("%s has no advice", label)
		case !strings.Contains(body, `href="/docs/errors#`+label+`"`):
			t.Errorf("%s has no link to its documentation", label)
		}
	}
}

// TestFault_D3_ThePageMarksWhatDiffers, of an address to the character, and of a list by its words; the other
// causes show nothing that was sent.
func TestFault_D3_ThePageMarksWhatDiffers(t *testing.T) {
	type facts = activityv1.RequestFacts
	for cause, row := range map[errorv1.Cause]struct {
		field         string
		got, expected *facts
		sent, wanted  string
	}{
		errorv1.Cause_CAUSE_REDIRECT_URI_UNREGISTERED: {
			"", &facts{RedirectUri: "https://a.test/cb/"}, &facts{RedirectUri: "https://a.test/cb"}, "https://a.test/cb<mark>/</mark>", "https://a.test/cb",
		},
		errorv1.Cause_CAUSE_LOGOUT_URI_NOT_REGISTERED: {
			"post_logout_redirect_uri", &facts{Value: "https://a.test/out"}, &facts{Value: "https://a.test/bye"}, "https://a.test/<mark>out</mark>", "https://a.test/<mark>bye</mark>",
		},
		errorv1.Cause_CAUSE_SCOPE_NOT_ALLOWED: {
			"", &facts{Scope: "videos:read export:write"}, &facts{Scope: "videos:read jobs:read"}, "videos:read <mark>export:write</mark>", "videos:read jobs:read",
		},
		errorv1.Cause_CAUSE_SCOPE_INSUFFICIENT: {
			"", &facts{Scope: "videos:read jobs:read"}, &facts{Scope: "usage:read"}, "videos:read jobs:read", "<mark>usage:read</mark>",
		},
		errorv1.Cause_CAUSE_SCOPE_NOT_GRANTED: { // the log has not all of them
			"", &facts{Scope: "videos:read export:write"}, &facts{Scope: "videos:read jobs:read …"}, "videos:read export:write", "videos:read jobs:read …",
		},
		errorv1.Cause_CAUSE_GRANT_NOT_ALLOWED: {
			"", &facts{GrantType: "client_credentials"}, &facts{GrantType: "authorization_code refresh_token"}, "<mark>client_credentials</mark>", "authorization_code refresh_token",
		},
		errorv1.Cause_CAUSE_RESOURCE_NOT_GRANTED: {
			"", &facts{Resource: "https://a.test/v2"}, &facts{Resource: "https://a.test/v1"}, "https://a.test/v<mark>2</mark>", "https://a.test/v<mark>1</mark>",
		},
		errorv1.Cause_CAUSE_ASSERTION_MISSING: {
			"", &facts{AuthMethod: "client_secret_post"}, &facts{AuthMethod: "private_key_jwt"}, "<mark>client_secret_post</mark>", "<mark>private_key_jwt</mark>",
		},
		errorv1.Cause_CAUSE_CHALLENGE_METHOD: {
			"", &facts{CodeChallengeMethod: "plain"}, &facts{CodeChallengeMethod: "S256"}, "<mark>plain</mark>", "<mark>S256</mark>",
		},
		errorv1.Cause_CAUSE_CHALLENGE_MISSING: {"", nil, &facts{CodeChallengeMethod: "S256"}, `<span class="quiet">Nothing</span>`, "<mark>S256</mark>"},
		errorv1.Cause_CAUSE_PROOF_URL: {
			"htu", &facts{Value: "http://a.test/oauth/token"}, &facts{Value: "https://a.test/oauth/token"}, "http://a.test/oauth/token", "http<mark>s</mark>://a.test/oauth/token",
		},
		errorv1.Cause_CAUSE_SECRET_WRONG: {"", &facts{AuthMethod: "client_secret_basic"}, nil, "", ""},
	} {
		body := consoleRow(t, &activityv1.RequestKind{
			Endpoint: "/oauth/token", Method: "POST", Status: http.StatusBadRequest, Cause: cause, Field: row.field, Got: row.got, Expected: row.expected,
		})
		shown := regexp.MustCompile(`(?s)<dl class="diff">\s*<dt>[^<]*</dt><dd>(.*?)</dd>\s*<dt>[^<]*</dt><dd>(.*?)</dd>`).FindStringSubmatch(body)
		if row.wanted == "" && shown != nil {
			t.Errorf("%s shows a difference: %q", cause, shown[1:])
		}
		if row.wanted != "" && (shown == nil || shown[1] != row.sent || shown[2] != row.wanted) {
			t.Errorf("%s shows %q, want %q and %q", cause, shown, row.sent, row.wanted)
		}
	}
}

// TestARowOfSeveralKindsComparesNothing: it has no values, and the page must not say that none was sent. The
// gateway's own queue may lose them too.
func TestARowOfSeveralKindsComparesNothing(t *testing.T) {
	for _, cause := range []errorv1.Cause{
		errorv1.Cause_CAUSE_REDIRECT_URI_UNREGISTERED, errorv1.Cause_CAUSE_REDIRECT_URI_OTHER, errorv1.Cause_CAUSE_CHALLENGE_MISSING,
	} {
		for name, row := range map[string]*activityv1.LoggedRequest{
			"the service's": {Overflow: true, Kind: &activityv1.RequestKind{Expected: &activityv1.RequestFacts{CodeChallengeMethod: "S256"}}},
			"the gateway's": {Kind: &activityv1.RequestKind{Got: &activityv1.RequestFacts{}, Expected: &activityv1.RequestFacts{}}},
		} {
			row.Kind.Endpoint, row.Kind.Method, row.Kind.Status, row.Kind.Cause, row.Count = "/oauth/authorize", "GET", http.StatusBadRequest, cause, 5
			if strings.Contains(consoleRowOf(t, row), `class="diff"`) {
				t.Errorf("%s row of %s shows a difference", name, cause)
			}
		}
	}
}
