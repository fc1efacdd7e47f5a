package flow_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/flow"
)

// wrongs returns invalid parameters, one per check, in the order of the checks.
func wrongs() []struct{ name, value, want string } {
	return []struct{ name, value, want string }{
		{"client_id", "vdo_client_nobody", page},
		{"redirect_uri", "https://evil.test/cb", page},
		{"state", strings.Repeat("x", 2049), page},
		{"response_mode", "twice", "invalid_request"}, // sent twice below: checkRepeated
		{"request", "x", "request_not_supported"},
		{"response_type", "token", "unsupported_response_type"},
		{"scope", "bogus", "invalid_scope"},
		{"resource", "x", "invalid_target"},
		{"code_challenge", "x", "invalid_request"},
		{"prompt", "none login", "invalid_request"},
	}
}

// TestWireContract5_TheFirstWrongThingDecides: if everything is wrong from some check on, that
// check refuses. So no refusal redirects before the client and its redirect URI are known.
func TestWireContract5_TheFirstWrongThingDecides(t *testing.T) {
	var rows []row
	for from, first := range wrongs() {
		var change []string
		for _, w := range wrongs()[from:] {
			change = append(change, w.name, w.value)
		}
		q := query(change...)
		if strings.Contains(q, "response_mode=twice") {
			q = also(q, "response_mode=twice")
		}
		rows = append(rows, row{first.name + " and all behind it", q, first.want})
	}
	wantRefusals(t, rows)
}

// TestNothingRedirectsBeforeTheClientAndItsAddressAreKnown combines each later fault with each of
// the faults that only a page may show.
func TestNothingRedirectsBeforeTheClientAndItsAddressAreKnown(t *testing.T) {
	var rows []row
	for _, early := range wrongs()[:3] {
		for _, late := range append(wrongs()[3:], struct{ name, value, want string }{"prompt", "none", ""}) {
			rows = append(rows, row{early.name + " and " + late.name, query(early.name, early.value, late.name, late.value), page})
		}
	}
	wantRefusals(t, rows)
}

func TestADescriptionNamesTheParameterThatIsWrong(t *testing.T) {
	b := newBench(t)
	for _, w := range wrongs()[4:] {
		step := b.start(t, query(w.name, w.value), b.signedIn())
		if text := parseResponse(t, step.Location, authztest.Callback).Get("error_description"); !strings.Contains(text, w.name) {
			t.Errorf("%s is wrong, and the description is %q", w.name, text)
		}
	}
	for _, name := range []string{"client_id", "redirect_uri"} {
		for _, q := range []string{query(name, ""), also(query(), name+"=x")} {
			if text := b.start(t, q, b.signedIn()).Message; !strings.Contains(text, name) {
				t.Errorf("%s is wrong, and the page says %q", name, text)
			}
		}
	}
}

func TestAQueryOfTheRedirectURIIsKept(t *testing.T) {
	b := newBench(t)
	step := b.start(t, query("redirect_uri", authztest.WithQuery, "scope", ""), b.signedOut())
	if got := parseResponse(t, step.Location, authztest.WithQuery); got.Get("error") != "invalid_scope" {
		t.Errorf("got the response %v", got)
	}
}

func TestRFC8252_7_3_TheResponseIsSentToTheRequestedPort(t *testing.T) {
	b := newBench(t)
	for _, uri := range []string{authztest.Loopback, "http://127.0.0.1:1/callback", "http://127.0.0.1:65535/callback"} {
		step := b.start(t, native("redirect_uri", uri, "scope", ""), b.signedOut())
		if got := parseResponse(t, step.Location, uri); got.Get("error") != "invalid_scope" {
			t.Errorf("%s: got the response %v", uri, got)
		}
		done, err := b.Complete(t.Context(), b.approve(b.bound(t, native("redirect_uri", uri))))
		if err != nil || !parseResponse(t, done.Location, uri).Has("code") {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

// A registry that is unavailable is neither an unknown client nor a reason to redirect.
func TestARegistryThatIsDownIsAnError(t *testing.T) {
	b := newBench(t)
	for _, q := range []string{query(), query("redirect_uri", "https://evil.test"), query("scope", "")} {
		b.registry.Fail(sqldb.ErrUnavailable)
		step, err := b.Start(t.Context(), q, b.signedIn())
		if !errors.Is(err, sqldb.ErrUnavailable) || step.Kind != flow.ErrorPage || step.Message != "" || !step.Location.IsZero() {
			t.Errorf("%+v, %v; want ErrUnavailable", step, err)
		}
	}
}

func TestAnInvalidClientIDIsNotLookedUp(t *testing.T) {
	b := newBench(t)
	before := b.registry.Reads()
	for _, id := range []string{"ftp://evil.test", "vdo_client_\x00", "vdo_client_" + strings.Repeat("a", 10_000), "vdo_client_'", "*"} {
		wantPage(t, b.start(t, query("client_id", id), b.signedIn()))
	}
	if n := b.registry.Reads() - before; n != 0 {
		t.Errorf("the registry was read %d times", n)
	}
	b.start(t, query(), b.signedIn())
	if n := b.registry.Reads() - before; n != 1 {
		t.Errorf("a good request costs %d look-ups, want 1", n)
	}
}

func TestMessagesComeFromAFixedList(t *testing.T) {
	b := newBench(t)
	var seen []string
	for _, noise := range []string{"a", "b", "https://x.test/?y", "<script>", strings.Repeat("z", 3000)} {
		for _, name := range []string{"client_id", "redirect_uri"} {
			text := b.start(t, query(name, noise), b.signedOut()).Message
			if !slices.Contains(seen, text) {
				seen = append(seen, text)
			}
		}
	}
	if len(seen) != 2 {
		t.Errorf("two faults have %d messages: %q", len(seen), seen)
	}
}
