package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// slowBody is a body that arrives after more than the timeout of a request's calls.
type slowBody struct{ io.Reader }

func (b slowBody) Read(p []byte) (int, error) {
	time.Sleep(6 * time.Second)
	return b.Reader.Read(p)
}

// TestABodyThatArrivesSlowlyIsServed: it is no outage of a service.
func TestABodyThatArrivesSlowlyIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newBrowser(t)
		p.respond("IssueToken", &tokenv1.IssueTokenResponse{AccessToken: "x"}, nil)
		p.respond("RevokeToken", &tokenv1.RevokeTokenResponse{}, nil)
		for target, body := range map[string]string{"/oauth/token": `{"grant_type":"refresh_token"}`, "/oauth/revoke": `{"token":"x"}`} {
			r := httptest.NewRequest(http.MethodPost, "https://login.test"+target, slowBody{strings.NewReader(body)})
			r.Header.Set("Content-Type", "application/json")
			if w := p.send(r); w.Code != http.StatusOK {
				t.Errorf("%s: %d %s", target, w.Code, w.Body)
			}
		}
	})
}

func TestAFileThatArrivesSlowlyIsUploaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := withConsole(t)
		const path = appPages + "/manifest"
		p.respond("UpdateApp", &authzv1.UpdateAppResponse{}, nil)
		token, text := csrf(t, p.get(path)), p.get(path+"/download").Body.String()
		r := uploadRequest(t, path+"/upload", map[string]string{"csrf_token": token}, strings.Replace(text, "Example", "Renamed", 1))
		r.Body = io.NopCloser(slowBody{r.Body})
		wantRedirect(t, "slowly", p.send(r), path)
		wantPage(t, "slowly", p.get(path), http.StatusOK, "The change is saved.")
	})
}
