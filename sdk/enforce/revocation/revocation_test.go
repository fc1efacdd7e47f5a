package revocation_test

import (
	"crypto/sha256"
	"reflect"
	"slices"
	"strings"
	"testing"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/enforce/revocation"
)

func hashOf(token string) *[sha256.Size]byte {
	hash := sha256.Sum256([]byte(token))
	return &hash
}

// tokens has one token of each sort that the rule distinguishes.
func tokens() map[string]*revocation.Cached {
	return map[string]*revocation.Cached{
		"access": {
			Hash: hashOf("access"), Kind: enforce.AccessToken, FamilyID: "family", UserID: "usr_a", ClientID: "app", WorkspaceID: "ws_a",
		},
		"key":  {Hash: hashOf("key"), Kind: enforce.APIKey, WorkspaceID: "ws_a"},
		"user": {Hash: hashOf("user"), Kind: enforce.UserToken, UserID: "usr_a", ClientID: "uapp"},
	}
}

// TestWhichRevocationConcernsWhichToken is the whole rule.
func TestWhichRevocationConcernsWhichToken(t *testing.T) {
	hash := sha256.Sum256([]byte("access"))
	for name, row := range map[string]struct {
		revocation revocation.Revocation
		concerns   string
	}{
		"a token":                        {revocation.Revocation{Kind: revocation.Token, TokenHash: hash[:]}, "access"},
		"a maimed token":                 {revocation.Revocation{Kind: revocation.Token, TokenHash: hash[:31]}, "access key user"},
		"a family":                       {revocation.Revocation{Kind: revocation.Family, FamilyID: []byte("family")}, "access"},
		"another family":                 {revocation.Revocation{Kind: revocation.Family, FamilyID: []byte("other")}, ""},
		"a nameless family":              {revocation.Revocation{Kind: revocation.Family, UserID: "usr_b"}, "access key user"},
		"a user with a client":           {revocation.Revocation{Kind: revocation.UserClient, UserID: "usr_a", ClientID: "app"}, "access"},
		"a user with another client":     {revocation.Revocation{Kind: revocation.UserClient, UserID: "usr_a", ClientID: "other"}, ""},
		"a client without its user":      {revocation.Revocation{Kind: revocation.UserClient, ClientID: "other"}, "access key user"},
		"a user":                         {revocation.Revocation{Kind: revocation.User, UserID: "usr_a"}, "access user"},
		"another user":                   {revocation.Revocation{Kind: revocation.User, UserID: "usr_b"}, ""},
		"a nameless user":                {revocation.Revocation{Kind: revocation.User}, "access key user"},
		"a member":                       {revocation.Revocation{Kind: revocation.Member, UserID: "usr_a", WorkspaceID: "ws_a"}, "access user"},
		"a member elsewhere":             {revocation.Revocation{Kind: revocation.Member, UserID: "usr_a", WorkspaceID: "ws_b"}, "user"},
		"another member":                 {revocation.Revocation{Kind: revocation.Member, UserID: "usr_b", WorkspaceID: "ws_a"}, ""},
		"a member without a workspace":   {revocation.Revocation{Kind: revocation.Member, UserID: "usr_b"}, "access key user"},
		"a client":                       {revocation.Revocation{Kind: revocation.Client, ClientID: "app"}, "access"},
		"another client":                 {revocation.Revocation{Kind: revocation.Client, ClientID: "other"}, ""},
		"an authentication app":          {revocation.Revocation{Kind: revocation.AuthenticationApp, ClientID: "other"}, "user"},
		"a kind of a later release":      {revocation.Revocation{Kind: 99}, "access key user"},
		"a negative kind":                {revocation.Revocation{Kind: -1}, "access key user"},
		"no kind":                        {revocation.Revocation{}, "access key user"},
		"a workspace, which ends none":   {revocation.Revocation{Kind: revocation.Workspace, WorkspaceID: "ws_a"}, "(access) (key) (user)"},
		"another workspace":              {revocation.Revocation{Kind: revocation.Workspace, WorkspaceID: "ws_b"}, "(user)"},
		"a nameless workspace ends more": {revocation.Revocation{Kind: revocation.Workspace}, "access key user"},
	} {
		alone, among := revocation.NewSet(&row.revocation), revocation.NewSet(
			&revocation.Revocation{Kind: revocation.User, UserID: "usr_x"}, &row.revocation, &revocation.Revocation{Kind: revocation.Client, ClientID: "x"})
		for _, set := range []*revocation.Set{alone, among} {
			var concerned []string
			for token, cached := range tokens() {
				switch {
				case set.Ends(cached) && set.Outdates(cached):
					concerned = append(concerned, token)
				case set.Outdates(cached):
					concerned = append(concerned, "("+token+")")
				case set.Ends(cached):
					t.Errorf("%s ends the %s token and does not outdate it", name, token)
				}
			}
			slices.Sort(concerned)
			if got := strings.Join(concerned, " "); got != row.concerns {
				t.Errorf("%s concerns %q, want %q", name, got, row.concerns)
			}
		}
	}
}

func TestASetSaysWhatACacheHasToLookAt(t *testing.T) {
	hash := sha256.Sum256([]byte("access"))
	single := revocation.NewSet(&revocation.Revocation{Kind: revocation.Token, TokenHash: hash[:]})
	if single.Wide() || single.Everything() || !slices.Equal(slices.Collect(single.Tokens), [][sha256.Size]byte{hash}) {
		t.Error("a single token is more than one")
	}
	workspace := revocation.NewSet(&revocation.Revocation{Kind: revocation.Workspace, WorkspaceID: "ws_a"})
	if !workspace.Wide() || workspace.Everything() || !workspace.Has(revocation.Workspace) || workspace.Has(revocation.User) {
		t.Error("a workspace is not what it is")
	}
	if all := revocation.NewSet(&revocation.Revocation{}); !all.Everything() || !all.Wide() {
		t.Error("an entry of no kind does not concern everything")
	}
	if none := revocation.NewSet(); none.Wide() || none.Everything() {
		t.Error("an empty set concerns something")
	}
}

func TestOnlyTheNamesOfTheKindAreTold(t *testing.T) {
	all := revocation.Revocation{TokenHash: []byte("t"), FamilyID: []byte("f"), UserID: "u", ClientID: "c", WorkspaceID: "w"}
	for kind, want := range map[revocation.Kind]revocation.Revocation{
		revocation.Token: {TokenHash: all.TokenHash}, revocation.Family: {FamilyID: all.FamilyID},
		revocation.UserClient: {UserID: "u", ClientID: "c"}, revocation.User: {UserID: "u"}, revocation.Member: {UserID: "u", WorkspaceID: "w"},
		revocation.Client: {ClientID: "c"}, revocation.Workspace: {WorkspaceID: "w"}, revocation.AuthenticationApp: {}, 99: {},
	} {
		all.Kind, want.Kind = kind, kind
		if kind == 99 {
			want.Kind = 0
		}
		if got := all.Named(); !reflect.DeepEqual(got, want) {
			t.Errorf("kind %d tells %+v, want %+v", kind, got, want)
		}
	}
}

func TestAKindIsNumberedAsInTheContract(t *testing.T) {
	for kind, want := range map[revocation.Kind]tokenv1.RevocationKind{
		revocation.Token:             tokenv1.RevocationKind_REVOCATION_KIND_TOKEN,
		revocation.Family:            tokenv1.RevocationKind_REVOCATION_KIND_GRANT,
		revocation.UserClient:        tokenv1.RevocationKind_REVOCATION_KIND_PAIR,
		revocation.User:              tokenv1.RevocationKind_REVOCATION_KIND_USER,
		revocation.Member:            tokenv1.RevocationKind_REVOCATION_KIND_MEMBER,
		revocation.Client:            tokenv1.RevocationKind_REVOCATION_KIND_CLIENT,
		revocation.Workspace:         tokenv1.RevocationKind_REVOCATION_KIND_WORKSPACE,
		revocation.AuthenticationApp: tokenv1.RevocationKind_REVOCATION_KIND_AUTHENTICATION_APP,
	} {
		if tokenv1.RevocationKind(kind) != want {
			t.Errorf("%s is %d", want, kind)
		}
	}
	for number := range tokenv1.RevocationKind_name {
		known := revocation.Revocation{Kind: revocation.Kind(number)}.Named().Kind != 0
		if known != (number != 0) {
			t.Errorf("the contract's kind %d is known: %t", number, known)
		}
	}
}
