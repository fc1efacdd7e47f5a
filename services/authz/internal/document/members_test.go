package document_test

import (
	"testing"

	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/document"
)

// TestRFC9126_6_RFC9449_5_2_WhatADocumentRequires of its own requests is required of them, for a new
// authorization and for a client with tokens; its ID tokens are as it says.
func TestRFC9126_6_RFC9449_5_2_WhatADocumentRequires(t *testing.T) {
	both := client.Security{DPoPRequired: true, PushRequired: true}
	for body, want := range map[string]client.Client{
		text(): {},
		text("dpop_bound_access_tokens", "true", "require_pushed_authorization_requests", "true"):  {Security: both},
		text("dpop_bound_access_tokens", "false", "require_pushed_authorization_requests", "null"): {},
		text("id_token_signed_response_alg", `"ES256"`, "subject_type", `"public"`):                {IDTokenAlgorithm: "ES256"},
		text("subject_type", `"pairwise"`, "redirect_uris", `["https://client.example/cb"]`):       {Sector: "client.example"},
	} {
		b := newBench(t, listed())
		b.host.body = body
		found, err := b.Find(t.Context(), id)
		if err != nil || found.Security != want.Security || found.IDTokenAlgorithm != want.IDTokenAlgorithm || found.Sector != want.Sector {
			t.Errorf("%s: %+v, %v", body, found.Client, err)
		}
		record, err := b.Credentials(t.Context(), id)
		if err != nil || record.Security != want.Security || record.IDTokenAlgorithm != want.IDTokenAlgorithm || record.Sector != want.Sector {
			t.Errorf("%s: the credentials are %+v, %v", body, record.Client, err)
		}
	}
	for what, body := range map[string]string{
		"a proof that is text":        text("dpop_bound_access_tokens", `"true"`),
		"a push that is a number":     text("require_pushed_authorization_requests", "1"),
		"no algorithm":                text("id_token_signed_response_alg", `"none"`),
		"an algorithm that is a list": text("id_token_signed_response_alg", `["ES256"]`),
		"another subject type":        text("subject_type", `"private"`),
		"the subjects of two hosts":   text("subject_type", `"pairwise"`),
		"the subjects of another":     text("subject_type", `"pairwise"`, "redirect_uris", `["https://other.example/cb"]`),
		"a scope that is a list":      text("scope", `["videos:read"]`),
		"a scope with a line break":   text("scope", `"videos:read\njobs:read"`),
	} {
		b := newBench(t, listed())
		b.host.body = body
		_, err := b.Find(t.Context(), id)
		wantKind(t, what, err, document.Invalid)
	}
}

// TestRFC7591_2_WithoutOpenIDConnectItsMembersAreIgnored, as every member that a server does not know.
func TestRFC7591_2_WithoutOpenIDConnectItsMembersAreIgnored(t *testing.T) {
	b := newBench(t, listed())
	b.withoutOpenID = true
	b.host.body = text("id_token_signed_response_alg", `"EdDSA"`, "subject_type", `"private"`)
	found, err := b.replica(listed()).Find(t.Context(), id)
	if err != nil || found.IDTokenAlgorithm != "" || found.Sector != "" {
		t.Errorf("%+v, %v", found.Client, err)
	}
}

// TestRFC7591_2_TheScopeOfADocumentLimitsWhatItsClientAsksFor: to no more than the operator allows, and a
// document without a scope may ask for all of that.
func TestRFC7591_2_TheScopeOfADocumentLimitsWhatItsClientAsksFor(t *testing.T) {
	for scope, want := range map[string]string{
		"": "videos:read jobs:read", `""`: "videos:read jobs:read", `" videos:read "`: "videos:read",
		`"jobs:read users:write"`: "jobs:read", `"openid jobs:read"`: "jobs:read", `"openid offline_access"`: "videos:read jobs:read", `"users:write"`: "",
	} {
		b := newBench(t, listed())
		b.host.body = text("scope", scope)
		for _, documents := range []*document.Documents{b.Documents, b.replica(listed())} { // the other one reads the copy
			found, err := documents.Find(t.Context(), id)
			if err != nil || found.Scope.String() != want {
				t.Errorf("%s: %q, %v, want %q", scope, found.Scope, err, want)
			}
		}
	}
}

// TestN5_WhatTheUserDoesNotSeeIsNoChangeOfADocument: an approval rests on what the document says of its client
// to users, and on the names under which it knows them.
func TestN5_WhatTheUserDoesNotSeeIsNoChangeOfADocument(t *testing.T) {
	canonical := func(body string) string {
		b := newBench(t, listed())
		b.host.body = body
		found, err := b.Find(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return found.Document
	}
	one := `["https://client.example/cb"]`
	plain := canonical(text("redirect_uris", one))
	if canonical(text("redirect_uris", one, "dpop_bound_access_tokens", "true", "scope", `"jobs:read"`, "subject_type", `"public"`)) != plain {
		t.Error("another scope or a proof is a change")
	}
	if canonical(text("redirect_uris", one, "subject_type", `"pairwise"`)) == plain {
		t.Error("other names for users are no change")
	}
}
