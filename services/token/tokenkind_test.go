package token_test

import (
	"testing"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/services/token"
)

// TestWireContract4_3_TokenKindOverGRPC: one token and a batch say it alike, and a batch says `user`
// once for all.
func TestWireContract4_3_TokenKindOverGRPC(t *testing.T) {
	b, users := newBench(t, token.DefaultConfig()), newUserBench(t)
	restricted, err := tokenv1.NewWorkspaceKeyServiceClient(b.dial(t, "operator", "token")).CreateWorkspaceKey(t.Context(),
		&tokenv1.CreateWorkspaceKeyRequest{WorkspaceId: "ws_acme", Name: "Reader", Scopes: []string{"videos:read"}})
	if err != nil {
		t.Fatal(err)
	}
	for want, row := range map[string]struct {
		introspect tokenv1.IntrospectionServiceClient
		tokens     []string
	}{
		"user":     {b.introspect, []string{b.mustRedeem(t, "code-1").GetAccessToken()}},
		"service":  {b.introspect, []string{b.mustIssueToRobot(t)}},
		"api_key":  {b.introspect, []string{b.mustKey(t, "ws_acme").GetKey(), restricted.GetKey()}},
		"user_api": {users.introspect, []string{users.signIn(t)}},
		"":         {b.introspect, []string{"unknown"}},
	} {
		for _, token := range row.tokens {
			one, err := row.introspect.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: token})
			if err != nil || one.GetActive() != (want != "") || one.GetTokenKind() != want {
				t.Errorf("%s: %v, %v", want, one, err)
			}
			batch, err := row.introspect.BatchIntrospectTokens(t.Context(), &tokenv1.BatchIntrospectTokensRequest{Tokens: []string{token}})
			if err != nil {
				t.Fatal(err)
			}
			kind := batch.GetAnswers()[0].GetTokenKind()
			if (kind == "") != (want == "user" || want == "") {
				t.Errorf("%s: the token of a batch has the kind %q", want, kind)
			}
			if kind != "" && kind != want || batch.GetTokenKind() != "user" {
				t.Errorf("%s: a batch has the kind %q, and %q for all others", want, kind, batch.GetTokenKind())
			}
		}
	}
}
