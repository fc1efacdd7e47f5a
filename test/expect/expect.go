// Package expect states what a test of the running product requires. Every function fails the test
// with what was received and what was expected; NoError, Tokens and Eventually end it.
package expect

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/test/harness"
)

// The documented messages of refused token requests.
const (
	BadCode     = "Invalid or expired authorization code"
	BadVerifier = "Invalid PKCE code verifier"
	BadRefresh  = "Invalid or expired refresh token"
	BadClient   = "Invalid client credentials"
)

// NoError ends the test if err is not nil.
func NoError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Equal compares two values. The failure calls the value by its name.
func Equal[T comparable](t *testing.T, name string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", name, got, want)
	}
}

// Eventually polls until check returns true, and ends the test after a minute.
func Eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !check(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// Tokens checks a token response against RFC 6749 §5.1 and the documents, member by member.
func Tokens(t *testing.T, a harness.Response, scope string) {
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
	Equal(t, "token_type", a.Text("token_type"), "Bearer")
	Equal(t, "expires_in", a.Body["expires_in"], any(float64(3600)))
	Equal(t, "scope", a.Text("scope"), scope)
	NoStore(t, a)
}

// NoStore checks the headers that every response of the OAuth endpoints has.
func NoStore(t *testing.T, a harness.Response) {
	t.Helper()
	Equal(t, "Cache-Control", a.Header.Get("Cache-Control"), "no-store")
	Equal(t, "Pragma", a.Header.Get("Pragma"), "no-cache")
	if ct := a.Header.Get("Content-Type"); !regexp.MustCompile(`^application/json`).MatchString(ct) {
		t.Errorf("Content-Type is %q", ct)
	}
}

// Active introspects a token as the resource server.
func Active(t *testing.T, d *harness.Deployment, token string, active bool) {
	t.Helper()
	got, err := d.Active(token)
	NoError(t, err)
	if got != active {
		t.Errorf("token active: %v, want %v", got, active)
	}
}

// Failure checks an error response in the documented dialect; an empty message is not compared.
func Failure(t *testing.T, a harness.Response, status int, code, message string) {
	t.Helper()
	if a.Status != status || a.Code() != code || (message != "" && a.Message() != message) {
		t.Errorf("returned %d %s, want %d %s %q", a.Status, a.Raw, status, code, message)
	}
	NoStore(t, a)
}

// Response sends a request without a body, with headers as names and values by turns, and returns
// its response.
func Response(t *testing.T, d *harness.Deployment, method, target string, headers ...string) harness.Response {
	t.Helper()
	a, err := d.Call(method, target, headers...)
	NoError(t, err)
	return a
}

// UserAPI sends a request of document 003 and returns its response.
func UserAPI(t *testing.T, d *harness.Deployment, method, path, token, body string) harness.Response {
	t.Helper()
	a, err := d.UserAPI(method, path, token, body)
	NoError(t, err)
	Equal(t, "Cache-Control", a.Header.Get("Cache-Control"), "no-store")
	return a
}

// UserToken checks that a response of the user API is the documented one, a JSON string of 180
// characters, and returns it.
func UserToken(t *testing.T, a harness.Response) string {
	t.Helper()
	var token string
	if err := json.Unmarshal([]byte(a.Raw), &token); err != nil || a.Status != http.StatusOK || !regexp.MustCompile(`^[A-Z2-7]{180}$`).MatchString(token) {
		t.Fatalf("no user token: %d %s", a.Status, a.Raw)
	}
	return token
}

// UserException checks an error response of the user API.
func UserException(t *testing.T, a harness.Response, status int, name string) {
	t.Helper()
	if a.Status != status || a.Text("name") != name || len(a.Body) != 3 {
		t.Errorf("returned %d %s, want %d %s", a.Status, a.Raw, status, name)
	}
}

// File returns a file of the repository.
func File(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{"..", ".."}, path...)...))
	NoError(t, err)
	return string(b)
}
