package e2e

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/test/harness"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// wantTokens checks a token response against RFC 6749 §5.1 and the documents, member by member.
func wantTokens(t *testing.T, a harness.Response, scope string) {
	t.Helper()
	if a.Status != http.StatusOK {
		t.Fatalf("token request returned %d %s", a.Status, a.Raw)
	}
	members := []string{"access_token", "expires_in", "refresh_token", "scope", "token_type"}
	if diff := cmp.Diff(members, slices.Sorted(maps.Keys(a.Body))); diff != "" {
		t.Errorf("members: %s", diff)
	}
	for name, form := range map[string]string{"access_token": `^vdo_oat_[0-9A-Za-z]{49}$`, "refresh_token": `^vdo_ort_[0-9A-Za-z]{49}$`} {
		if !regexp.MustCompile(form).MatchString(a.Text(name)) {
			t.Errorf("%s does not match %s", name, form)
		}
	}
	want(t, "token_type", a.Text("token_type"), "Bearer")
	want(t, "expires_in", a.Body["expires_in"], any(float64(3600)))
	want(t, "scope", a.Text("scope"), scope)
	wantNoStore(t, a)
}

// wantNoStore checks the headers that every response of the OAuth endpoints has.
func wantNoStore(t *testing.T, a harness.Response) {
	t.Helper()
	want(t, "Cache-Control", a.Header.Get("Cache-Control"), "no-store")
	want(t, "Pragma", a.Header.Get("Pragma"), "no-cache")
	if ct := a.Header.Get("Content-Type"); !regexp.MustCompile(`^application/json`).MatchString(ct) {
		t.Errorf("Content-Type is %q", ct)
	}
}

func wantActive(t *testing.T, d *harness.Deployment, token string, active bool) {
	t.Helper()
	got, err := d.Active(token)
	must(t, err)
	if got != active {
		t.Errorf("token active: %v, want %v", got, active)
	}
}

// wantFailure checks an error response in the documented dialect.
func wantFailure(t *testing.T, a harness.Response, status int, code, message string) {
	t.Helper()
	if a.Status != status || a.Code() != code || (message != "" && a.Message() != message) {
		t.Errorf("returned %d %s, want %d %s %q", a.Status, a.Raw, status, code, message)
	}
	wantNoStore(t, a)
}
