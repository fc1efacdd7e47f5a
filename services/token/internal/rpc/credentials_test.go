package rpc_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
)

func reading(id, proof string) *authzv1.ClientCredentials {
	return &authzv1.ClientCredentials{ClientId: id, ClientSecret: proof}
}

func TestRFC6749_2_3_1_CredentialsAreReadFromTheBodyOrFromBasic(t *testing.T) {
	for _, row := range []struct {
		name string
		sent sent
		want []*authzv1.ClientCredentials
	}{
		{"body", sent{id: "app", secret: "secret"}, []*authzv1.ClientCredentials{reading("app", "secret")}},
		{"body, never decoded", sent{id: "a%20b", secret: "s+s"}, []*authzv1.ClientCredentials{reading("a%20b", "s+s")}},
		{"body, a public client", sent{id: "app"}, []*authzv1.ClientCredentials{reading("app", "")}},
		{"basic", sent{headers: []string{basic("app:secret")}}, []*authzv1.ClientCredentials{reading("app", "secret")}},
		{
			"basic in any case",
			sent{headers: []string{"bASIC" + basic("app:secret")[5:]}},
			[]*authzv1.ClientCredentials{reading("app", "secret")},
		},
		{
			"basic without a secret",
			sent{headers: []string{basic("app:")}},
			[]*authzv1.ClientCredentials{reading("app", "")},
		},
		{
			"basic, a colon in the secret",
			sent{headers: []string{basic("app:se:cret")}},
			[]*authzv1.ClientCredentials{reading("app", "se:cret")},
		},
		{
			"basic, decoded then raw",
			sent{headers: []string{basic("my%2Fapp:s+s%25")}},
			[]*authzv1.ClientCredentials{reading("my/app", "s s%"), reading("my%2Fapp", "s+s%25")},
		},
		{
			"basic that cannot be decoded",
			sent{headers: []string{basic("app:100%")}},
			[]*authzv1.ClientCredentials{reading("app", "100%")},
		},
		{
			"basic and its own name in the body",
			sent{id: "app", headers: []string{basic("app:secret")}},
			[]*authzv1.ClientCredentials{reading("app", "secret")},
		},
		{
			"basic and its decoded name in the body",
			sent{id: "my/app", headers: []string{basic("my%2Fapp:secret")}},
			[]*authzv1.ClientCredentials{reading("my/app", "secret"), reading("my%2Fapp", "secret")},
		},
		{
			"basic and its raw name in the body",
			sent{id: "my%2Fapp", headers: []string{basic("my%2Fapp:secret")}},
			[]*authzv1.ClientCredentials{reading("my/app", "secret"), reading("my%2Fapp", "secret")},
		},
		{
			"body beside a bearer token",
			sent{id: "app", secret: "secret", headers: []string{"Bearer x"}},
			[]*authzv1.ClientCredentials{reading("app", "secret")},
		},
		{
			"body, a public client, beside two tokens",
			sent{id: "app", headers: []string{"Bearer x", "DPoP y"}},
			[]*authzv1.ClientCredentials{reading("app", "")},
		},
		{
			"body beside an empty header",
			sent{id: "app", secret: "secret", headers: []string{""}},
			[]*authzv1.ClientCredentials{reading("app", "secret")},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench()
			b.everywhere(t.Context(), row.sent)
			requests := 3
			if row.want[0].GetClientSecret() == "" {
				requests = 2 // introspection without a secret is refused whichever client it names
			}
			if len(b.authz.requests) != requests {
				t.Fatalf("authz was asked %d times by three endpoints, want %d", len(b.authz.requests), requests)
			}
			for _, req := range b.authz.requests {
				if diff := cmp.Diff(row.want, req.GetCredentials(), protocmp.Transform()); diff != "" {
					t.Errorf("readings (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestCredentialsThatCannotBeJudgedAreRefusedBeforeAuthzIsAsked(t *testing.T) {
	const (
		invalid = errorv1.Reason_REASON_INVALID_REQUEST
		client  = errorv1.Reason_REASON_INVALID_CLIENT
	)
	good := basic("app:hush-hush")
	for _, row := range []struct {
		name   string
		sent   sent
		reason errorv1.Reason
		field  string
	}{
		{"a secret without a name", sent{secret: "hush-hush"}, invalid, "client_id"},
		{"two methods", sent{id: "app", secret: "hush-hush", headers: []string{good}}, invalid, "client_secret"},
		{"two methods, the body without a name", sent{secret: "hush-hush", headers: []string{good}}, invalid, "client_secret"},
		{"two names", sent{id: "other", headers: []string{good}}, invalid, "client_id"},
		{"names differ in case", sent{id: "APP", headers: []string{good}}, invalid, "client_id"},
		{"the header repeated", sent{headers: []string{good, good}}, invalid, "authorization"},
		{"the header repeated with another", sent{id: "app", headers: []string{good, "Bearer x"}}, invalid, "authorization"},
		{"an assertion without its type", sent{assertion: "hush-hush"}, invalid, "client_assertion_type"},
		{"an assertion of another type", sent{assertion: "hush-hush", kind: "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}, invalid, "client_assertion_type"},
		{"a type without an assertion", sent{id: "app", secret: "hush-hush", kind: oauth.JWTBearerAssertion}, invalid, "client_assertion"},
		{"an assertion of the right type and basic", sent{assertion: "hush-hush", kind: oauth.JWTBearerAssertion, headers: []string{good}}, invalid, "client_assertion"},
		{"an assertion and a secret", sent{id: "app", secret: "hush-hush", assertion: "hush-hush"}, invalid, "client_assertion"},
		{"an assertion and basic", sent{assertion: "hush-hush", headers: []string{good}}, invalid, "client_assertion"},
		{"no base64", sent{headers: []string{"Basic hush-hush"}}, client, ""},
		{"no colon", sent{headers: []string{basic("hush-hush")}}, client, ""},
		{"no name", sent{headers: []string{basic(":hush-hush")}}, client, ""},
	} {
		b := newBench()
		for endpoint, err := range b.everywhere(t.Context(), row.sent) {
			t.Run(row.name+"/"+endpoint, func(t *testing.T) {
				failsAs(t, err, row.reason, row.field, "hush-hush", "other", good)
			})
		}
		if len(b.authz.requests) != 0 || len(b.tokens.revocations) != 0 {
			t.Errorf("%s: authz was asked %d times and %d tokens ended", row.name, len(b.authz.requests), len(b.tokens.revocations))
		}
	}
}

func TestNoCredentialsAtAll(t *testing.T) {
	for _, headers := range [][]string{nil, {""}, {"Bearer hush-hush"}} {
		withoutCredentials(t, sent{headers: headers})
	}
}

func withoutCredentials(t *testing.T, s sent) {
	t.Helper()
	b := newBench()
	errs := b.everywhere(t.Context(), s)
	failsAs(t, errs["issue"], errorv1.Reason_REASON_INVALID_REQUEST, "client_id")
	failsAs(t, errs["introspect"], errorv1.Reason_REASON_INVALID_CLIENT, "client_secret")
	if errs["revoke"] != nil {
		t.Errorf("revoke: %v, want success: holding the token is the authority", errs["revoke"])
	}
	if len(b.authz.requests) != 0 {
		t.Errorf("authz was called without a client")
	}
}

func TestWrongCredentialsAreAuthzsOwnFailure(t *testing.T) {
	b := newBench()
	for endpoint, err := range b.everywhere(t.Context(), sent{id: "app", secret: "wrong"}) {
		t.Run(endpoint, func(t *testing.T) { failsAs(t, err, errorv1.Reason_REASON_INVALID_CLIENT, "", "wrong") })
	}
	if len(b.tokens.revocations) != 0 {
		t.Error("something ended although the credentials were wrong")
	}
}

// TestN6_1_AnAssertionIsSentToAuthzAlone: at each endpoint, with its client_id and without.
func TestN6_1_AnAssertionIsSentToAuthzAlone(t *testing.T) {
	for _, id := range []string{"", "app"} {
		b := newBench()
		b.everywhere(t.Context(), sent{id: id, assertion: "a.b.c", kind: oauth.JWTBearerAssertion, headers: []string{"Bearer x"}})
		if len(b.authz.requests) != 3 {
			t.Fatalf("authz was asked %d times by three endpoints", len(b.authz.requests))
		}
		for _, req := range b.authz.requests {
			want := &authzv1.ClientAssertion{ClientAssertion: "a.b.c", ClientId: id}
			if diff := cmp.Diff(want, req.GetAssertion(), protocmp.Transform()); diff != "" || len(req.GetCredentials()) != 0 {
				t.Errorf("%d readings, assertion (-want +got):\n%s", len(req.GetCredentials()), diff)
			}
		}
	}
}
