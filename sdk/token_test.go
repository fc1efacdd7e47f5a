package usher_test

import (
	"net/http"
	"strings"
	"testing"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/httpauth"
	"github.com/vidocu/usher/sdk/ushertest"
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

// TestRFC7800_3_1_ATokenThatIsBoundOtherwiseThanToAThumbprintIsRefused: a later release may bind tokens in
// a way that this version does not know, such as to a certificate (RFC 8705), and none of them is a bearer
// token.
func TestRFC7800_3_1_ATokenThatIsBoundOtherwiseThanToAThumbprintIsRefused(t *testing.T) {
	server := ushertest.New()
	client := ready(t, server)
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	scoped := httpauth.RequireScope(client, "videos:read", httpauth.WithOrigin("https://api.test"))(ok)
	for name, row := range map[string]struct {
		tokenType string
		cnf       *tokenv1.Confirmation
		status    int
	}{
		"a bearer token":                   {"Bearer", nil, http.StatusOK},
		"in another spelling":              {"bearer", nil, http.StatusOK},
		"of a release without token_type":  {"", nil, http.StatusOK},
		"an unknown confirmation":          {"Bearer", &tokenv1.Confirmation{}, http.StatusUnauthorized},
		"the same without a type":          {"", &tokenv1.Confirmation{}, http.StatusUnauthorized},
		"DPoP with an unknown one":         {"DPoP", &tokenv1.Confirmation{}, http.StatusUnauthorized},
		"DPoP without a confirmation":      {"DPoP", nil, http.StatusUnauthorized},
		"another type":                     {"N_A", nil, http.StatusUnauthorized},
		"bound to a key, without a proof":  {"DPoP", &tokenv1.Confirmation{Jkt: "thumbprint"}, http.StatusUnauthorized},
		"bound to a key, said to be usual": {"Bearer", &tokenv1.Confirmation{Jkt: "thumbprint"}, http.StatusUnauthorized},
	} {
		issued := facts()
		issued.TokenType, issued.Cnf = row.tokenType, row.cnf
		token := server.Issue(issued)
		for range 2 { // introspected, then cached
			for what, h := range map[string]http.Handler{"by the catalog": httpauth.New(client)(ok), "by scope": scoped} {
				if got := get(h, "/v1/videos", "Bearer "+token); got.Code != row.status {
					t.Errorf("%s, %s: %d, want %d", name, what, got.Code, row.status)
				}
			}
			for _, scheme := range []string{"DPoP ", "Bearer "} {
				if got := get(scoped, "/v1/videos", scheme+token); row.status != http.StatusOK && got.Code != row.status {
					t.Errorf("%s, as %s: %d, want %d", name, scheme, got.Code, row.status)
				}
			}
		}
	}
}
