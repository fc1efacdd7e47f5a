package flow_test

import (
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/flow"
)

func TestRFC9101_5_CheckRequestObject(t *testing.T) {
	wantRefusals(t, []row{
		{"request", query("request", "eyJhbGciOiJub25lIn0.e30."), "request_not_supported"},
		{"request_uri", query("request_uri", "https://evil.test/r"), "request_uri_not_supported"},
		{"both", query("request", "x", "request_uri", "urn:x"), "request_not_supported"},
	})
	accepts(t, also(query(), "request=", "request_uri="))
}

func TestCheckResponseMode(t *testing.T) {
	wantRefusals(t, []row{
		{"fragment", query("response_mode", "fragment"), "invalid_request"},
		{"form_post", query("response_mode", "form_post"), "invalid_request"},
		{"query.jwt", query("response_mode", "query.jwt"), "invalid_request"},
		{"in capitals", query("response_mode", "QUERY"), "invalid_request"},
	})
	accepts(t, query("response_mode", "query"), also(query(), "response_mode="))
}

func TestRFC6749_3_1_1_CheckResponseType(t *testing.T) {
	wantRefusals(t, []row{
		{"missing", query("response_type", ""), "invalid_request"},
		{"empty", also(query("response_type", ""), "response_type="), "invalid_request"},
		{"token", query("response_type", "token"), "unsupported_response_type"},
		{"code and token", query("response_type", "code token"), "unsupported_response_type"},
		{"code twice", query("response_type", "code code"), "unsupported_response_type"},
		{"code and a blank", query("response_type", "code "), "unsupported_response_type"},
		{"in capitals", query("response_type", "CODE"), "unsupported_response_type"},
		{"none", query("response_type", "none"), "unsupported_response_type"},
	})
}

func TestCheckGrant(t *testing.T) {
	wantRefusals(t, []row{
		{"a client without codes", query("client_id", authztest.NoCodes), "unauthorized_client"},
		{"a client without codes, and a scope that does not exist", query("client_id", authztest.NoCodes, "scope", "x"), "unauthorized_client"},
	})
}

func TestRFC6749_3_3_CheckScope(t *testing.T) {
	wantRefusals(t, []row{
		{"missing", query("scope", ""), "invalid_scope"},
		{"empty", also(query("scope", ""), "scope="), "invalid_scope"},
		{"unknown", query("scope", "bogus"), "invalid_scope"},
		{"unknown beside a known one", query("scope", "videos:read bogus"), "invalid_scope"},
		{"not the client's", query("scope", "export:write"), "invalid_scope"},
		{"not the client's beside one that is", query("scope", "videos:read export:write"), "invalid_scope"},
		{"blanks alone", query("scope", "  "), "invalid_scope"},
		{"names of OpenID Connect alone", query("scope", "openid offline_access"), "invalid_scope"},
		{"a name that is nearly one of them", query("scope", "videos:read OpenID"), "invalid_scope"},
		{"tab", query("scope", "videos:read\tanalyze:write"), "invalid_scope"},
		{"comma", query("scope", "videos:read,analyze:write"), "invalid_scope"},
		{"in capitals", query("scope", "VIDEOS:READ"), "invalid_scope"},
		{"a part of a name", query("scope", "videos"), "invalid_scope"},
		{"a wildcard", query("scope", "videos:*"), "invalid_scope"},
		{"a quotation mark", query("scope", `"videos:read"`), "invalid_scope"},
	})
	accepts(t, query("scope", "videos:read analyze:write"), query("scope", "analyze:write videos:read videos:read"))
}

func TestRFC7636_4_3_CheckPKCE(t *testing.T) {
	long := authztest.Challenge
	wantRefusals(t, []row{
		{"a public client without", native("code_challenge", "", "code_challenge_method", ""), "invalid_request"},
		{"a public client with the method alone", native("code_challenge", ""), "invalid_request"},
		{"a public client without the method, which would mean plain", native("code_challenge_method", ""), "invalid_request"},
		{"a confidential client with the method alone", query("code_challenge_method", "S256"), "invalid_request"},
		{"a confidential client without the method", query("code_challenge", long), "invalid_request"},
		{"plain", native("code_challenge_method", "plain"), "invalid_request"},
		{"plain, of a confidential client", query("code_challenge", long, "code_challenge_method", "plain"), "invalid_request"},
		{"s256", native("code_challenge_method", "s256"), "invalid_request"},
		{"too short", native("code_challenge", long[1:]), "invalid_request"},
		{"too long", native("code_challenge", long+"A"), "invalid_request"},
		{"padded", native("code_challenge", long+"="), "invalid_request"},
		{"the other alphabet", native("code_challenge", strings.Replace(long, "-", "+", 1)), "invalid_request"},
		{"a line break", native("code_challenge", long[:42]+"\n"), "invalid_request"},
	})
	accepts(t, native(), native("code_challenge", long[:42]+"N"), query("code_challenge", long, "code_challenge_method", "S256"), query(),
		also(query(), "code_challenge=", "code_challenge_method="))
}

func TestOpenIDConnect_3_1_2_1_CheckPrompt(t *testing.T) {
	wantRefusals(t, []row{
		{"none and login", query("prompt", "none login"), "invalid_request"},
		{"consent and none", query("prompt", "consent none"), "invalid_request"},
		{"none twice", query("prompt", "none none"), "invalid_request"},
	})
	accepts(t, query("prompt", "consent"), also(query(), "prompt=", "max_age=", "login_hint="), query("prompt", "NONE"),
		query("prompt", "nonexistent"))
}

// accepts requires the consent screen for each request, with a session.
func accepts(t *testing.T, queries ...string) {
	t.Helper()
	b := over(allClients())
	for _, q := range queries {
		if step := b.start(t, q, b.signedIn()); step.Kind != flow.Consent || step.RequestID == "" || !step.Location.IsZero() {
			t.Errorf("%s: %+v, want the consent screen", q, step)
		}
	}
}

func TestFault_B12_NamesOfOpenIDConnectAndExtraSpacesAreIgnored(t *testing.T) {
	b := newBench(t)
	for sent, want := range map[string]oauth.Scope{
		"openid videos:read":                               {"videos:read"},
		"openid profile email phone address videos:read":   {"videos:read"},
		" videos:read  analyze:write ":                     {"videos:read", "analyze:write"},
		"videos:read offline_access analyze:write openid ": {"videos:read", "analyze:write"},
	} {
		step := b.start(t, query("scope", sent), b.signedIn())
		got, err := b.Pending.Find(t.Context(), step.RequestID, b.token)
		if err != nil || step.Kind != flow.Consent || got.Scope.String() != want.String() {
			t.Errorf("%q leads to %+v for %q, %v, want %q", sent, step, got.Scope, err, want)
		}
	}
	refused := b.start(t, query("scope", "openid bogus videos:read"), b.signedIn())
	if refused.Kind != flow.Redirect || !strings.Contains(refused.Location.Reveal(), "invalid_scope") {
		t.Errorf("an unknown name beside an ignored one leads to %+v", refused)
	}
}
