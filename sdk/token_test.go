package usher_test

import (
	"testing"

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
