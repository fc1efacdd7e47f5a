package client_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
)

func TestWireContract3_AClientIdentifierHasOneForm(t *testing.T) {
	longest := client.IDPrefix + strings.Repeat("a", 64-len(client.IDPrefix))
	for _, id := range []string{"vdo_client_abc123", "vdo_client_a", "vdo_client_-", "vdo_client__", "vdo_client_AZaz09", longest} {
		if !client.ValidID(id) {
			t.Errorf("ValidID(%q) is false", id)
		}
	}
	for name, id := range map[string]string{
		"empty": "", "prefix alone": "vdo_client_", "prefix in capitals": "VDO_CLIENT_a", "no prefix": "abc123", "secret": "vdo_secret_xyz789",
		"one too long": longest + "a", "a megabyte": client.IDPrefix + strings.Repeat("a", 1<<20),
		"URL": "https://evil.test/client.json", "URL behind the prefix": "vdo_client_https://evil.test",
		"space in front": " vdo_client_a", "space behind": "vdo_client_a ", "line break": "vdo_client_a\n", "NUL": "vdo_client_a\x00",
		"quote": "vdo_client_'--", "percent": "vdo_client_%61", "slash": "vdo_client_a/b", "dot": "vdo_client_a.b", "DEL": "vdo_client_\x7f",
		"homoglyph": "vdo_client_а", "not UTF-8": "vdo_client_\xff",
		"before 0": "vdo_client_/", "after 9": "vdo_client_:", "before A": "vdo_client_@", "after Z": "vdo_client_[",
		"before a": "vdo_client_`", "after z": "vdo_client_{",
	} {
		if client.ValidID(id) {
			t.Errorf("%s passes as an identifier", name)
		}
	}
}

// FuzzValidID checks that a valid identifier is the prefix and up to 53 characters without a
// special meaning in any text, log or query.
func FuzzValidID(f *testing.F) {
	form := regexp.MustCompile(`\Avdo_client_[0-9A-Za-z_-]{1,53}\z`)
	for _, id := range []string{"", "vdo_client_abc123", "vdo_client_", "vdo_client_\n", "vdo_client_a b", "vdo_client_\xc3\x28"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if got, want := client.ValidID(id), form.MatchString(id); got != want {
			t.Errorf("ValidID(%q) is %v, want %v", id, got, want)
		}
	})
}

func TestAClientMayUseItsRegisteredGrantTypes(t *testing.T) {
	c := client.Client{GrantTypes: []string{oauth.RefreshTokenGrant}}
	if !c.May(oauth.RefreshTokenGrant) || c.May(oauth.AuthorizationCodeGrant) || c.May("") || (client.Client{}).May("") {
		t.Error("a client may use a grant type that is not registered for it")
	}
}
