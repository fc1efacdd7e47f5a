package openid

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/vidocu/usher/gateway/internal/guard"
	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/refusal"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/sdk/enforce"
)

// UserInfo is the UserInfo endpoint. It responds 405 itself.
type UserInfo struct {
	Tokens tokenv1.OpenIDServiceClient
	// Proofs checks the proofs of tokens that are bound to a key, and API is the origin of the endpoint.
	Proofs *enforce.Proofs
	API    string
	// Resource returns the identifier of the resource that the endpoint is part of: the default one.
	Resource func() oauth.Resources
	Logger   *slog.Logger
}

// claims is the response. Claims that are not known are left out (OpenID Connect Core §5.3.2).
type claims struct {
	Subject       string `json:"sub"`
	Name          string `json:"name,omitempty"`
	GivenName     string `json:"given_name,omitempty"`
	FamilyName    string `json:"family_name,omitempty"`
	Locale        string `json:"locale,omitempty"`
	ZoneInfo      string `json:"zoneinfo,omitempty"`
	Email         string `json:"email,omitempty"`
	EmailVerified *bool  `json:"email_verified,omitempty"`
}

// ServeHTTP is http.Handler.
func (u UserInfo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, HEAD, POST")
		guard.WriteDenial(w, refused(http.StatusMethodNotAllowed, "", "Use GET or POST"))
		return
	}
	sent, denial := credential(w, r)
	if denial != nil {
		if denial.Status == http.StatusUnauthorized {
			refusal.NoteCause(r.Context(), guard.CauseOf(sent.Token, denial))
		}
		u.writeDenial(w, denial)
		return
	}
	res, err := u.Tokens.GetUserInfo(r.Context(), &tokenv1.GetUserInfoRequest{AccessToken: sent.Token})
	if denial := u.refused(r, sent, res, err); denial != nil {
		u.writeDenial(w, denial)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(claims{
		Subject: res.GetSub(), Name: res.GetName(), GivenName: res.GetGivenName(), FamilyName: res.GetFamilyName(),
		Locale: res.GetLocale(), ZoneInfo: res.GetZoneinfo(),
		Email: res.GetEmail(), EmailVerified: res.EmailVerified, //nolint:protogetter // absent is not false
	}) // fails only where the client has disconnected
}

// writeDenial writes a denial, of which a 401 has the scope that a token needs here.
func (u UserInfo) writeDenial(w http.ResponseWriter, d *enforce.Denial) {
	guard.WriteDenial(w, u.resource().Challenge(d, oauth.OpenIDScope))
}

// resource is the resource of the endpoint. Its challenges name no metadata, which would not have the address of
// the endpoint (RFC 9728 §3.3).
func (u UserInfo) resource() enforce.Resource {
	if ids := u.Resource(); len(ids) > 0 {
		return enforce.Resource{ID: ids[0]}
	}
	return enforce.Resource{}
}

// refused returns why a request gets no claims; nil for one that does. The proof of the token's key comes
// first: without it the request learns nothing of the token (RFC 9449 §7.1).
func (u UserInfo) refused(r *http.Request, sent enforce.Credential, res *tokenv1.GetUserInfoResponse, err error) *enforce.Denial {
	switch {
	case oerr.Reason(err) == errorv1.Reason_REASON_INVALID_ACCESS_TOKEN:
		refusal.NoteCause(r.Context(), inactiveCause(sent))
		return sent.Inactive()
	case err != nil:
		if r.Context().Err() == nil {
			u.Logger.WarnContext(r.Context(), "UserInfo failed", "error", err)
		}
		denial := enforce.Unavailable()
		refusal.NoteCause(r.Context(), guard.CauseOf(sent.Token, denial))
		return denial
	}
	noted := refusal.Refusal{ClientID: res.GetClientId()}
	denial := u.Proofs.Confirm(r.Context(), sent, res.GetDpopJkt(), enforce.Call{Method: r.Method, Origin: u.API, Path: r.URL.Path})
	if denial == nil && res.GetSub() == "" {
		denial, noted = u.unusable(sent, res)
	}
	if denial != nil {
		if noted.Cause == errorv1.Cause_CAUSE_UNSPECIFIED {
			noted.Cause = guard.CauseOf(sent.Token, denial)
		}
		refusal.Note(r.Context(), noted)
	}
	return denial
}

// unusable returns the denial of a token that is active, whose key was proved, and that cannot be used here, and
// what the log of its client has of it.
func (u UserInfo) unusable(sent enforce.Credential, res *tokenv1.GetUserInfoResponse) (*enforce.Denial, refusal.Refusal) {
	noted := refusal.Refusal{ClientID: res.GetClientId()}
	denial := u.resource().RequireScope(enforce.Subject{
		Kind: enforce.AccessToken, Scopes: res.GetScopes(), Audience: res.GetAudience(), Bound: res.GetDpopJkt() != "", Proved: true,
	}, oauth.OpenIDScope)
	switch {
	case denial == nil: // the token service has another catalog at this moment
		denial = sent.Inactive()
	case denial.OtherResource():
		noted.Parameter, noted.Sent, noted.Expected = "resource", strings.Join(res.GetAudience(), " "), denial.NeededResource()
	default:
		noted.Cause = errorv1.Cause_CAUSE_USERINFO_SCOPE
	}
	return denial, noted
}

// inactiveCause returns why a token is no active access token: one of another kind may be active elsewhere.
func inactiveCause(sent enforce.Credential) errorv1.Cause {
	switch enforce.KindOf(sent.Token) {
	case enforce.APIKey, enforce.UserToken:
		return errorv1.Cause_CAUSE_ACCESS_TOKEN_MALFORMED
	}
	return guard.CauseOf(sent.Token, sent.Inactive())
}

// textNoToken is the message to a request without a token. API keys are not read here.
const textNoToken = "Missing access token: send it in the Authorization header, or as access_token in a form"

// credential returns the access token of a request: of the Authorization header, or of a form that is
// posted (RFC 6750 §2.1, §2.2; RFC 9449 §7.1). It is never read from the query.
func credential(w http.ResponseWriter, r *http.Request) (enforce.Credential, *enforce.Denial) {
	sent := enforce.ReadCredential(r.Header["Authorization"], r.Header["Dpop"])
	if r.Method == http.MethodPost && httpx.MediaType(r) == httpx.TypeForm {
		body, err := httpx.ReadBody(w, r)
		if err != nil {
			refusal.NoteCause(r.Context(), unreadableCause(err))
			return sent, refused(http.StatusBadRequest, errorInvalidRequest, "The body cannot be read")
		}
		form, err := url.ParseQuery(string(body))
		inBody := form["access_token"]
		switch {
		case err != nil, len(inBody) > 1, len(inBody) == 1 && sent.Token != "":
			why := refusal.Refusal{Cause: errorv1.Cause_CAUSE_BODY_MALFORMED}
			if err == nil {
				why.Cause, why.Field = errorv1.Cause_CAUSE_PARAMETER_REPEATED, "access_token"
			}
			refusal.Note(r.Context(), why)
			return sent, refused(http.StatusBadRequest, errorInvalidRequest, "Send the access token once: in the Authorization header, or in the body")
		case len(inBody) == 1:
			sent = enforce.ReadCredential([]string{"Bearer " + inBody[0]}, nil) // the rules of the header: a token is b64token
		}
	}
	switch sent.Token {
	case "":
		missing := enforce.Unauthenticated(false)
		missing.Message = textNoToken
		return sent, missing
	case enforce.Malformed:
		return sent, sent.Inactive()
	}
	return sent, nil
}

// unreadableCause returns why a body cannot be read.
func unreadableCause(err error) errorv1.Cause {
	if errors.Is(err, httpx.ErrTooLarge) {
		return errorv1.Cause_CAUSE_BODY_TOO_LARGE
	}
	return errorv1.Cause_CAUSE_BODY_MALFORMED
}

// errorInvalidRequest is the error of a request with two tokens (RFC 6750 §3.1).
const errorInvalidRequest = "invalid_request"

// refused returns a denial; with a code, it has a challenge.
func refused(status int, code, message string) *enforce.Denial {
	d := &enforce.Denial{Status: status, Code: errorInvalidRequest, Message: message}
	if code != "" {
		d.Challenge = enforce.Challenge{Error: code, Description: message}.String()
	}
	return d
}
