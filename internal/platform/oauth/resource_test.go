package oauth_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// TestMCPFailure_4_OneResourceHasSeveralSpellings: clients compare and send the identifier of a
// resource as their URL library prints it.
func TestMCPFailure_4_OneResourceHasSeveralSpellings(t *testing.T) {
	known := oauth.Resources{"https://api.test/v1", "https://mcp.test", "http://localhost:3000/mcp"}
	for sent, want := range map[string]string{
		"https://api.test/v1":        "https://api.test/v1",
		"https://api.test/v1/":       "https://api.test/v1",
		"HTTPS://API.test/v1":        "https://api.test/v1",
		"https://api.test:443/v1":    "https://api.test/v1",
		"https://api.test:/v1":       "https://api.test/v1",
		"https://mcp.test/":          "https://mcp.test",
		"http://LOCALHOST:3000/mcp/": "http://localhost:3000/mcp",
		"https://api.test/v1//":      "",
		"https://api.test/V1":        "",
		"https://api.test/v1/x":      "",
		"https://api.test/v1?x":      "",
		"https://api.test/v1?":       "",
		"https://api.test/%761":      "",
		"https://api.test:80/v1":     "",
		"http://api.test/v1":         "",
		"https://api.test.evil/v1":   "",
		"http://localhost/mcp":       "",
		"http://127.0.0.1:3000/mcp":  "",
	} {
		got, err := known.Select([]string{sent})
		if want == "" {
			if !errors.Is(err, oauth.ErrResourceUnknown) {
				t.Errorf("%s: %v, %v", sent, got, err)
			}
			continue
		}
		if err != nil || !slices.Equal(got, oauth.Resources{want}) {
			t.Errorf("%s: %v, %v, want %s", sent, got, err, want)
		}
	}
}

func TestRFC8707_2_AResourceIsAnAbsoluteURIWithoutAFragment(t *testing.T) {
	known := oauth.Resources{"https://api.test/v1"}
	for _, sent := range []string{
		"https://api.test/v1#", "https://api.test/v1#x", "/v1", "api.test/v1", "//api.test/v1", "https:///v1", "https://", "urn:x", "v1",
		"https://user@api.test/v1", "https://api.test/v1 ", " https://api.test/v1", "https://api.test/\x00", "https://api.test/ä",
		"https://api.test/%zz", "https://api.test\\v1", "https://api.test/" + strings.Repeat("x", 512),
	} {
		if got, err := known.Select([]string{sent}); !errors.Is(err, oauth.ErrResourceMalformed) {
			t.Errorf("%q: %v, %v", sent, got, err)
		}
	}
	if got, err := known.Select(slices.Repeat([]string{"https://api.test/v1"}, 9)); !errors.Is(err, oauth.ErrResourceMalformed) {
		t.Errorf("nine resources: %v, %v", got, err)
	}
}

func TestRFC8707_2_SeveralResourcesAreASetInTheOrderOfTheRequest(t *testing.T) {
	known := oauth.Resources{"https://a.test", "https://b.test", "https://c.test"}
	got, err := known.Select([]string{"https://c.test/", "", "https://a.test", "https://c.test"})
	if err != nil || got.String() != "https://c.test https://a.test" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := known.Select([]string{"https://a.test", "https://d.test"}); !errors.Is(err, oauth.ErrResourceUnknown) || got != nil {
		t.Errorf("one of two is unknown: %v, %v", got, err)
	}
	if got, err := known.Select([]string{"", ""}); got != nil || err != nil {
		t.Errorf("empty values: %v, %v", got, err)
	}
	if back := oauth.ParseResources(known.String()); !slices.Equal(back, known) || oauth.ParseResources("") != nil {
		t.Errorf("read back as %v", back)
	}
}
