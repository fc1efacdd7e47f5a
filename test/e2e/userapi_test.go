package e2e

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// userToken checks that a response of the user API is the documented one, a JSON string of 180
// characters, and returns it.
func userToken(t *testing.T, a harness.Response) string {
	t.Helper()
	var token string
	if err := json.Unmarshal([]byte(a.Raw), &token); err != nil || a.Status != http.StatusOK || !regexp.MustCompile(`^[A-Z2-7]{180}$`).MatchString(token) {
		t.Fatalf("no user token: %d %s", a.Status, a.Raw)
	}
	return token
}

// wantException checks an error response of the user API.
func wantException(t *testing.T, a harness.Response, status int, name string) {
	t.Helper()
	if a.Status != status || a.Text("name") != name || len(a.Body) != 3 {
		t.Errorf("returned %d %s, want %d %s", a.Status, a.Raw, status, name)
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
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for name, body := range map[string]string{"password": byPassword, "client secret": byClientSecret} {
			t.Run(name, func(t *testing.T) {
				token := userToken(t, expect.UserAPI(t, d, http.MethodPost, "/api/v1/user/authenticate", "", body))
				seen := expect.UserAPI(t, d, http.MethodGet, esther, token, "")
				if seen.Status != http.StatusOK || !strings.Contains(seen.Raw, `"emailAddress":"esther.fray@gmail.com"`) {
					t.Errorf("reading Esther: %d %s", seen.Status, seen.Raw)
				}
				next := userToken(t, expect.UserAPI(t, d, http.MethodPost, "/api/v1/user/refresh-access-token/", token, ""))
				wantException(t, expect.UserAPI(t, d, http.MethodGet, esther, token, ""), http.StatusBadRequest, "ExpiredAccessTokenException")
				expect.Equal(t, "logout", expect.UserAPI(t, d, http.MethodPost, "/api/v1/user/logout", next, "").Raw, "{}\n")
				wantException(t, expect.UserAPI(t, d, http.MethodGet, esther, next, ""), http.StatusBadRequest, "ExpiredAccessTokenException")
				wantException(t, expect.UserAPI(t, d, http.MethodPost, "/api/v1/user/refresh-access-token", next, ""), http.StatusBadRequest, "ExpiredAccessTokenException")
			})
		}
		wantException(t, expect.UserAPI(t, d, http.MethodGet, esther, "<your-bearer-token>", ""), http.StatusBadRequest, "InvalidAccessTokenException")
		wantException(t, expect.UserAPI(t, d, http.MethodGet, esther, "", ""), http.StatusBadRequest, "InvalidAccessTokenException")
	})
}
