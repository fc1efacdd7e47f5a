package browser

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/vidocu/usher/gateway/internal/refusal"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// idTokenHint has the token service verify the parameter id_token_hint; nil where there is none, and for
// a string that is not an ID token of this server. authz decides what follows, and parses the query
// itself: it refuses a parameter that is there twice.
func (f Flow) idTokenHint(r *http.Request, rawQuery string) (*tokenv1.CheckIdTokenHintResponse, error) {
	const name = "id_token_hint"
	if f.OpenID == nil || !strings.Contains(rawQuery, name) {
		return nil, nil //nolint:nilnil // no hint is not a failure
	}
	query, _ := url.ParseQuery(rawQuery) // has the parameters that can be read
	return f.checkHint(r, query.Get(name))
}

func (f Flow) checkHint(r *http.Request, hint string) (*tokenv1.CheckIdTokenHintResponse, error) {
	if f.OpenID == nil || hint == "" {
		return nil, nil //nolint:nilnil // no hint is not a failure
	}
	res, err := f.OpenID.CheckIdTokenHint(r.Context(), &tokenv1.CheckIdTokenHintRequest{IdTokenHint: hint})
	if oerr.Reason(err) == errorv1.Reason_REASON_INVALID_REQUEST {
		return nil, nil //nolint:nilnil // likewise
	}
	return res, err
}

func authzHint(hint *tokenv1.CheckIdTokenHintResponse) *authzv1.IdTokenHint {
	if hint == nil {
		return nil
	}
	return &authzv1.IdTokenHint{ClientId: hint.GetClientId(), UserId: hint.GetUserId()}
}

// decideSilently has consent decide a request that must not show a page (`prompt=none`).
func (f Flow) decideSilently(w http.ResponseWriter, r *http.Request, request string) {
	res, err := f.Consents.DecideSilently(r.Context(), &consentv1.DecideSilentlyRequest{
		RequestId: request, SessionToken: f.Cookies.Session(r).Reveal(), BrowserToken: f.Cookies.Browser(r).Reveal(),
	})
	if err != nil {
		f.ShowError(w, r, err)
		return
	}
	if res.GetCause() != errorv1.Cause_CAUSE_UNSPECIFIED {
		refusal.Note(r.Context(), refusal.Refusal{Cause: res.GetCause(), ClientID: res.GetClientId()})
	}
	RedirectTo(w, res.GetLocation())
}
