package token_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/services/token"
)

// TestARestrictedKeyIsActiveFromItsNetworksOnly: for one token and for a batch, from the store and from the
// cache; the addresses of a batch are in the order of its tokens. A caller that compares addresses itself sees
// the key and its networks.
func TestARestrictedKeyIsActiveFromItsNetworksOnly(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	created, err := tokenv1.NewWorkspaceKeyServiceClient(b.dial(t, "operator", "token")).CreateWorkspaceKey(t.Context(),
		&tokenv1.CreateWorkspaceKeyRequest{WorkspaceId: "ws_acme", Name: "Render farm", AllowedAddresses: []string{"203.0.113.0/24"}})
	if err != nil {
		t.Fatal(err)
	}
	key, other := created.GetKey(), b.mustKey(t, "ws_acme").GetKey()
	const inside, outside = "203.0.113.9", "198.51.100.9"
	batch := func(checked bool, tokens []string, sources ...string) (active []bool) {
		res, err := b.introspect.BatchIntrospectTokens(t.Context(), &tokenv1.BatchIntrospectTokensRequest{
			Tokens: tokens, SourceAddresses: sources, ChecksAddresses: checked,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range res.GetAnswers() {
			active = append(active, one.GetActive())
		}
		return active
	}
	for _, row := range []struct {
		name    string
		checked bool
		tokens  []string
		sources []string
		want    []bool
	}{
		{"outside", false, []string{key}, []string{outside}, []bool{false}},
		{"unknown", false, []string{key}, nil, []bool{false}},
		{"outside, behind one that is inside", false, []string{other, key}, []string{inside, outside}, []bool{true, false}},
		{"inside, behind one that is outside", false, []string{other, key}, []string{outside, inside}, []bool{true, true}},
		{"cached, and outside", false, []string{key}, []string{outside}, []bool{false}},
		{"cached, and the second of two is outside", false, []string{key, key}, []string{inside, outside}, []bool{true, false}},
		{"checked by the caller", true, []string{key}, nil, []bool{true}},
	} {
		if diff := cmp.Diff(row.want, batch(row.checked, row.tokens, row.sources...)); diff != "" {
			t.Errorf("a batch, %s (-want +got):\n%s", row.name, diff)
		}
	}
	for _, row := range []struct {
		source  string
		checked bool
		active  bool
	}{{inside, false, true}, {outside, false, false}, {"", false, false}, {"", true, true}} {
		res, err := b.introspect.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{
			Token: key, SourceAddress: row.source, ChecksAddresses: row.checked,
		})
		if err != nil || res.GetActive() != row.active {
			t.Errorf("from %q, checked by the caller %t: %v, %v", row.source, row.checked, res, err)
		}
		if diff := cmp.Diff([]string{"203.0.113.0/24"}, res.GetAllowedAddresses()); row.active && diff != "" {
			t.Errorf("networks (-want +got):\n%s", diff)
		}
	}
}

// TestAKeyIsNotRestrictedToTheScopesOfAUser: they concern no endpoint.
func TestAKeyIsNotRestrictedToTheScopesOfAUser(t *testing.T) {
	b := newReplicaWith(t, token.DefaultConfig(), database(t), catalog.Default().WithOpenID())
	keys := tokenv1.NewWorkspaceKeyServiceClient(b.dial(t, "operator", "token"))
	for scope, field := range map[string]string{"openid": "scopes", "profile": "scopes", "email": "scopes", "videos:read": ""} {
		_, err := keys.CreateWorkspaceKey(t.Context(), &tokenv1.CreateWorkspaceKeyRequest{WorkspaceId: "ws_acme", Name: "Reader", Scopes: []string{"videos:read", scope}})
		if oerr.Field(err) != field || (err == nil) != (field == "") {
			t.Errorf("%s: %v, want an error of the field %q", scope, err, field)
		}
	}
}
