package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

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
				token := expect.UserToken(t, expect.UserAPI(t, d, http.MethodPost, "/api/v1/user/authenticate", "", body))
				seen := expect.UserAPI(t, d, http.MethodGet, esther, token, "")
				if seen.Status != http.StatusOK || !strings.Contains(seen.Raw, `"emailAddress":"esther.fray@gmail.com"`) {
					t.Errorf("reading Esther: %d %s", seen.Status, seen.Raw)
				}
				next := expect.UserToken(t, expect.UserAPI(t, d, http.MethodPost, "/api/v1/user/refresh-access-token/", token, ""))
				expect.UserException(t, expect.UserAPI(t, d, http.MethodGet, esther, token, ""), http.StatusBadRequest, "ExpiredAccessTokenException")
				expect.Equal(t, "logout", expect.UserAPI(t, d, http.MethodPost, "/api/v1/user/logout", next, "").Raw, "{}\n")
				expect.UserException(t, expect.UserAPI(t, d, http.MethodGet, esther, next, ""), http.StatusBadRequest, "ExpiredAccessTokenException")
				expect.UserException(t, expect.UserAPI(t, d, http.MethodPost, "/api/v1/user/refresh-access-token", next, ""), http.StatusBadRequest, "ExpiredAccessTokenException")
			})
		}
		expect.UserException(t, expect.UserAPI(t, d, http.MethodGet, esther, "<your-bearer-token>", ""), http.StatusBadRequest, "InvalidAccessTokenException")
		expect.UserException(t, expect.UserAPI(t, d, http.MethodGet, esther, "", ""), http.StatusBadRequest, "InvalidAccessTokenException")
	})
}
