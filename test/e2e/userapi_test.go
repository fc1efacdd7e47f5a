package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// userResponse is a response of the user API, whose body may be a JSON string.
type userResponse struct {
	status int
	raw    string
}

func callUsers(t *testing.T, d *harness.Deployment, method, path, token, body string) userResponse {
	t.Helper()
	req, err := http.NewRequest(method, d.PublicURL+path, strings.NewReader(body))
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	want(t, "Cache-Control", res.Header.Get("Cache-Control"), "no-store")
	return userResponse{res.StatusCode, string(raw)}
}

// token checks that a response is the documented one, a JSON string of 180 characters, and returns
// it.
func (a userResponse) token(t *testing.T) string {
	t.Helper()
	var token string
	if err := json.Unmarshal([]byte(a.raw), &token); err != nil || a.status != http.StatusOK || !regexp.MustCompile(`^[A-Z2-7]{180}$`).MatchString(token) {
		t.Fatalf("no user token: %d %s", a.status, a.raw)
	}
	return token
}

func (a userResponse) exception(t *testing.T, status int, name string) {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal([]byte(a.raw), &body); err != nil || a.status != status || body["name"] != name || len(body) != 3 {
		t.Errorf("returned %d %s, want %d %s", a.status, a.raw, status, name)
	}
}

// The requests of document 003, word for word.
const (
	byPassword = `{ 
"emailAddress":"john.doe@gmail.com",
"password": "examplepassword"
}`
	byClientSecret = `{ 
"emailAddress":"john.doe@gmail.com",
"clientSecret": "exampleclientsecret"
}`
	esther = "/api/v1/user/esther.fray%40gmail.com?userPartsToFetch=BasicInfo"
)

func TestDocument003_EveryPrintedRequestRunsVerbatim(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		for name, body := range map[string]string{"password": byPassword, "client secret": byClientSecret} {
			t.Run(name, func(t *testing.T) {
				token := callUsers(t, d, http.MethodPost, "/api/v1/user/authenticate", "", body).token(t)
				seen := callUsers(t, d, http.MethodGet, esther, token, "")
				if seen.status != http.StatusOK || !strings.Contains(seen.raw, `"emailAddress":"esther.fray@gmail.com"`) {
					t.Errorf("reading Esther: %d %s", seen.status, seen.raw)
				}
				next := callUsers(t, d, http.MethodPost, "/api/v1/user/refresh-access-token/", token, "").token(t)
				callUsers(t, d, http.MethodGet, esther, token, "").exception(t, http.StatusBadRequest, "ExpiredAccessTokenException")
				want(t, "logout", callUsers(t, d, http.MethodPost, "/api/v1/user/logout", next, "").raw, "{}\n")
				callUsers(t, d, http.MethodGet, esther, next, "").exception(t, http.StatusBadRequest, "ExpiredAccessTokenException")
				callUsers(t, d, http.MethodPost, "/api/v1/user/refresh-access-token", next, "").exception(t, http.StatusBadRequest, "ExpiredAccessTokenException")
			})
		}
		callUsers(t, d, http.MethodGet, esther, "<your-bearer-token>", "").exception(t, http.StatusBadRequest, "InvalidAccessTokenException")
		callUsers(t, d, http.MethodGet, esther, "", "").exception(t, http.StatusBadRequest, "InvalidAccessTokenException")
	})
}
