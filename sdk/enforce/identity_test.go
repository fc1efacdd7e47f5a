package enforce_test

import (
	"testing"

	"github.com/vidocu/usher/sdk/enforce"
)

func TestWireContract6_TheVerifiedIdentityIsFiveHeaders(t *testing.T) {
	app := enforce.Identity{
		Kind: enforce.AccessToken, Subject: "usr_john", ClientID: "app", WorkspaceID: "ws_acme", Scope: "videos:read jobs:read",
	}
	want := [5]enforce.Header{
		{Name: "Usher-Subject", Value: "usr_john"},
		{Name: "Usher-Client-Id", Value: "app"},
		{Name: "Usher-Workspace-Id", Value: "ws_acme"},
		{Name: "Usher-Scope", Value: "videos:read jobs:read"},
		{Name: "Usher-Token-Kind", Value: "access_token"},
	}
	if got := app.Headers(); got != want {
		t.Errorf("an access token's are %v", got)
	}
	key := enforce.Identity{Kind: enforce.APIKey, Subject: "key_1", WorkspaceID: "ws_acme"}
	want = [5]enforce.Header{
		{Name: "Usher-Subject", Value: "key_1"},
		{Name: "Usher-Client-Id"},
		{Name: "Usher-Workspace-Id", Value: "ws_acme"},
		{Name: "Usher-Scope"},
		{Name: "Usher-Token-Kind", Value: "api_key"},
	}
	if got := key.Headers(); got != want {
		t.Errorf("an API key's are %v", got)
	}
	for _, h := range want {
		if !enforce.Reserved(h.Name) {
			t.Errorf("%s is not reserved", h.Name)
		}
	}
}

func TestAnIdentityHeaderOfAClientIsReservedInEverySpelling(t *testing.T) {
	for _, name := range []string{"usher-subject", "USHER-SUBJECT", "Usher_Subject", "usher-", "usher-anything", "usher.subject", "usher~subject", "Usher!"} {
		if !enforce.Reserved(name) {
			t.Errorf("%s is not detected", name)
		}
	}
	for _, name := range []string{"", "usher", "ushers", "x-usher-subject", "authorization", "usherette-a"} {
		if enforce.Reserved(name) {
			t.Errorf("%s is detected", name)
		}
	}
}

func TestFault_E9_AMisleadingHeaderIsDetectedInEverySpelling(t *testing.T) {
	for _, name := range []string{
		"x-http-method-override", "x-http-method", "x-method-override", "x-original-method", "x-original-uri", "x-original-url", "x-rewrite-url",
		"X-HTTP-Method-Override", "X_HTTP_METHOD_OVERRIDE", "x.http.method", "X~Original-URL", "x-Rewrite_Url",
	} {
		if !enforce.Misleading(name) {
			t.Errorf("%s is not detected", name)
		}
	}
	for _, name := range []string{"", "x", "X-HTTP-Method-Overrides", "XX-HTTP-Method", "X-Request-Id", "X-Original-Filename", "x-http-methods", "x0http0method"} {
		if enforce.Misleading(name) {
			t.Errorf("%s is detected", name)
		}
	}
}
