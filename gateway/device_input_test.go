package gateway_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
)

// TestBadInput_EveryParameterOfTheDevicePage: absent, empty, repeated, too long, not UTF-8, or with a
// control character. The page says what is wrong or returns to the form, nothing is claimed, and the
// right code succeeds afterwards.
func TestBadInput_EveryParameterOfTheDevicePage(t *testing.T) {
	const code = "WDJB-MJHT"
	p, token := atDevice(t)
	request, claimed := secret.NewCode().Reveal(), 0
	p.services["ClaimDeviceAuthorization"] = func(req proto.Message) (proto.Message, error) {
		sent, _ := req.(*authzv1.ClaimDeviceAuthorizationRequest)
		if normal, ok := oauth.NormalizeUserCode(sent.GetUserCode()); !ok || oauth.FormatUserCode(normal) != code {
			return nil, oerr.Refuse(errorv1.Cause_CAUSE_USER_CODE_UNKNOWN, "x")
		}
		claimed++
		return &authzv1.ClaimDeviceAuthorizationResponse{Step: &authzv1.Step{Next: &authzv1.Step_Consent{Consent: &authzv1.Consent{RequestId: request}}}}, nil
	}
	long := strings.Repeat("W", 20_000)
	for what, row := range map[string]struct {
		form   url.Values
		status int
		says   string // on the form that is shown again, or on the page at once
	}{
		"no code":               {url.Values{"csrf_token": {token}}, http.StatusSeeOther, "No device waits with this code"},
		"an empty code":         {url.Values{"csrf_token": {token}, "user_code": {""}}, http.StatusSeeOther, "No device waits with this code"},
		"a long code":           {url.Values{"csrf_token": {token}, "user_code": {long}}, http.StatusSeeOther, "No device waits with this code"},
		"a code twice":          {url.Values{"csrf_token": {token}, "user_code": {"BCDF-BCDF", code}}, http.StatusSeeOther, "No device waits with this code"},
		"a NUL in the code":     {url.Values{"csrf_token": {token}, "user_code": {code + "\x00"}}, http.StatusBadRequest, "The form could not be read"},
		"a code not in UTF-8":   {url.Values{"csrf_token": {token}, "user_code": {code + "\xff"}}, http.StatusBadRequest, "The form could not be read"},
		"no token":              {url.Values{"user_code": {code}}, http.StatusForbidden, ""},
		"an empty token":        {url.Values{"csrf_token": {""}, "user_code": {code}}, http.StatusForbidden, ""},
		"a long token":          {url.Values{"csrf_token": {long}, "user_code": {code}}, http.StatusSeeOther, "Please confirm once more."},
		"a NUL in the token":    {url.Values{"csrf_token": {token + "\x00"}, "user_code": {code}}, http.StatusBadRequest, "The form could not be read"},
		"another token first":   {url.Values{"csrf_token": {"x", token}, "user_code": {code}}, http.StatusSeeOther, "Please confirm once more."},
		"a NUL in the decision": {url.Values{"csrf_token": {token}, "user_code": {code}, "decision": {"\x00"}}, http.StatusBadRequest, "The form could not be read"},
		"a body of 70 KB":       {url.Values{"csrf_token": {token}, "user_code": {strings.Repeat(long, 4)}}, http.StatusRequestEntityTooLarge, "The form is too long."},
	} {
		w := p.post("/device", row.form)
		if w.Code == http.StatusSeeOther {
			wantRedirect(t, what, w, "/device")
			w = p.get("/device")
			wantPage(t, what, w, http.StatusOK, row.says)
			continue
		}
		wantPage(t, what, w, row.status, row.says)
	}
	for what, query := range map[string]string{
		"empty": "user_code=", "twice": "user_code=call+us&user_code=" + code, "long": "user_code=" + long[:5000], "not in UTF-8": "user_code=%ff", "a NUL": "user_code=%00",
	} {
		wantPage(t, "an address with a code that is "+what, p.get("/device?"+query), http.StatusOK, `name="user_code"`)
	}
	if claimed != 0 {
		t.Errorf("%d requests are claimed", claimed)
	}
	wantRedirect(t, "the right code", p.post("/device", url.Values{"csrf_token": {token}, "user_code": {code}}), "/consent?request="+request)
}
