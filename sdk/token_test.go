package usher_test

import (
	"strings"
	"testing"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
)

func TestFault_D4_APrintedTokenIsDescribed(t *testing.T) {
	token := &usher.Token{
		Kind: enforce.AccessToken, Subject: "usr_a", ClientID: "vdo_client_x", WorkspaceID: "ws_acme", Scopes: []string{"videos:read", "jobs:read"},
	}
	want := `access_token of usr_a (client "vdo_client_x", workspace "ws_acme", scopes "videos:read jobs:read")`
	if got := token.String(); got != want {
		t.Errorf("it prints %s, want %s", got, want)
	}
}

func TestAKindIsNumberedAndNamedAsInTheContract(t *testing.T) {
	for number, name := range tokenv1.TokenKind_name {
		kind := enforce.KindNumbered(number)
		want := strings.ToLower(strings.TrimPrefix(name, "TOKEN_KIND_"))
		if number == 0 {
			want = "unknown"
		}
		if int32(kind) != number || kind.String() != want {
			t.Errorf("%s is %d, %s", name, kind, kind)
		}
	}
	for _, number := range []int32{-1, int32(len(tokenv1.TokenKind_name)), 1 << 30} {
		if kind := enforce.KindNumbered(number); kind != 0 {
			t.Errorf("the number %d is the kind %s", number, kind)
		}
	}
	if kind := enforce.Kind(200); kind.String() != "unknown" {
		t.Errorf("an undefined kind has the name %s", kind)
	}
}
