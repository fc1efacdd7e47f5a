package activity

import (
	"strings"
	"testing"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/test/expect"
)

// elsewhere are the causes that no request of the walk provokes: where is the file with the test that
// provokes it otherwise, and why says why.
func elsewhere() map[string]struct{ why, where, test string } {
	return map[string]struct{ why, where, test string }{
		"dependency_unavailable": {
			"a store or a service must be down, and with it what the walk needs",
			"test/outages/store_outage_test.go", "TestCase104_RedisAway",
		},
		"session_required": {
			"it is no refusal: the browser is redirected to the sign-in page, and goes on from there",
			"test/pages/developers_test.go", "TestDevelopers_ASignInReturnsToThePage",
		},
		"authorization_other_user": {
			"only a form of a gateway of release 0.1, beside new services during an upgrade, does not name its page",
			"services/consent/internal/decision/order_test.go", "TestFault_D3_ABoundPageOfAnotherUserHasItsCause",
		},
	}
}

// wantEvery checks that every cause of the contract is in the log, or named elsewhere, and not both.
func wantEvery(t *testing.T, logged map[string]*activityv1.LoggedRequest) {
	t.Helper()
	other := elsewhere()
	for _, name := range errorv1.Cause_name {
		cause := strings.ToLower(strings.TrimPrefix(name, "CAUSE_"))
		if cause == "unspecified" {
			continue
		}
		row, named := other[cause]
		switch {
		case logged[cause] == nil && !named:
			t.Errorf("no request is refused for %s: add it to the walk, or say in elsewhere() which test provokes it", cause)
		case logged[cause] != nil && named:
			t.Errorf("%s is in the walk, and not elsewhere", cause)
		case named && !strings.Contains(expect.File(t, strings.Split(row.where, "/")...), "func "+row.test):
			t.Errorf("%s has no test %s, which %s needs: %s", row.where, row.test, cause, row.why)
		}
	}
}

// comparisons are the causes that compare a value that was sent with one that is registered or expected, with
// the name of the value. Those that compare a secret, or would show another client, show none: a code, a
// token, a verifier and a key, and the client that they belong to.
func comparisons() map[string]string {
	return map[string]string{
		"redirect_uri_unregistered": "redirect_uri", "redirect_uri_other": "redirect_uri", "logout_uri_not_registered": "value",
		"scope_unknown": "scope", "scope_not_allowed": "scope", "scope_not_granted": "scope", "scope_other_at_retry": "scope", "scope_insufficient": "scope",
		"grant_type_unsupported": "grant_type", "grant_not_allowed": "grant_type",
		"resource_unknown": "resource", "resource_not_granted": "resource", "resource_other_at_retry": "resource",
		"access_token_other_resource": "resource",
		"secret_missing":              "auth_method", "secret_unexpected": "auth_method", "assertion_missing": "auth_method", "assertion_unexpected": "auth_method",
		"challenge_method": "code_challenge_method", "challenge_missing": "code_challenge_method", "response_type_unsupported": "response_type",
		"response_mode_unsupported": "value", "method_not_allowed": "value",
		"body_json_sent_as_form": "media_type", "body_form_sent_as_json": "media_type", "media_type_unsupported": "media_type",
		"assertion_audience": "value", "assertion_audience_endpoint": "value", "assertion_issuer": "value", "assertion_type": "value", "assertion_algorithm": "value",
		"proof_method": "value", "proof_url": "value", "proof_type": "value", "proof_algorithm": "value",
	}
}

// wantDifference checks that a row says what was expected of a value instead of what was sent.
func wantDifference(t *testing.T, row *activityv1.LoggedRequest, cause, name string) {
	t.Helper()
	if row == nil {
		return // wantEvery reports it
	}
	field := row.GetKind().GetGot().ProtoReflect().Descriptor().Fields().ByTextName(name)
	got, expected := row.GetKind().GetGot().ProtoReflect().Get(field).String(), row.GetKind().GetExpected().ProtoReflect().Get(field).String()
	if expected == "" || got == expected {
		t.Errorf("%s: %s was %q and %q is expected", cause, name, got, expected)
	}
	if name == "value" && row.GetKind().GetField() == "" {
		t.Errorf("%s does not name the parameter", cause)
	}
}
