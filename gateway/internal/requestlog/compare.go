package requestlog

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/vidocu/usher/gateway/internal/refusal"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// expectedOf returns what was expected instead at an endpoint, from the service that refused or as the cause
// implies.
func expectedOf(endpoint string, r refusal.Refusal) (f Facts) {
	f.setExpected(r.Parameter, r.Expected)
	switch r.Cause { //nolint:exhaustive // the others compare nothing, or a value that only the service knows
	case errorv1.Cause_CAUSE_RESPONSE_TYPE_UNSUPPORTED:
		f.ResponseType = "code"
	case errorv1.Cause_CAUSE_CHALLENGE_METHOD, errorv1.Cause_CAUSE_CHALLENGE_MISSING:
		f.ChallengeMethod = "S256"
	case errorv1.Cause_CAUSE_SECRET_UNEXPECTED:
		f.AuthMethod = "none"
	case errorv1.Cause_CAUSE_SECRET_MISSING:
		f.AuthMethod = "client_secret_basic"
	case errorv1.Cause_CAUSE_ASSERTION_MISSING:
		f.AuthMethod = "private_key_jwt"
	case errorv1.Cause_CAUSE_GRANT_TYPE_UNSUPPORTED:
		f.GrantType = strings.Join(oauth.GrantTypeNames(nil), " ")
	case errorv1.Cause_CAUSE_BODY_JSON_SENT_AS_FORM:
		f.MediaType = typeJSON
	case errorv1.Cause_CAUSE_BODY_FORM_SENT_AS_JSON:
		f.MediaType = typeForm
	case errorv1.Cause_CAUSE_MEDIA_TYPE_UNSUPPORTED:
		f.MediaType = mediaTypes(endpoint)
	}
	return f
}

// mediaTypes returns the media types that an endpoint reads.
func mediaTypes(endpoint string) string {
	switch {
	case endpoint == oauth.PushPath || endpoint == "/oauth/authorize" || endpoint == "/oauth/logout":
		return typeForm
	case strings.HasPrefix(endpoint, "/oauth/register"):
		return typeJSON
	}
	return typeJSON + " " + typeForm
}

// typeForm is the media type of a form.
const typeForm = "application/x-www-form-urlencoded"

// member returns the member of the facts that has the value of a parameter or of a claim.
func (f *Facts) member(parameter string) *string {
	switch parameter {
	case "redirect_uri":
		return &f.RedirectURI
	case "scope":
		return &f.Scope
	case "grant_type":
		return &f.GrantType
	case "resource":
		return &f.Resource
	case "token_endpoint_auth_method":
		return &f.AuthMethod
	}
	return &f.Value
}

// setSent sets the values of a parameter or of a claim that a request sent, as far as they may be shown.
func (f *Facts) setSent(parameter string, values []string) {
	to := f.member(parameter)
	switch parameter {
	case "redirect_uri", "resource", "post_logout_redirect_uri", "htu", "aud":
		*to = cleanURIs(values)
	case "iss", "sub":
		*to = cleanIdentifier(strings.Join(values, " "))
	default:
		*to = cleanWords(strings.Join(values, " "))
	}
}

// setExpected sets a value that a service knows, which is a list of words where there are several.
func (f *Facts) setExpected(parameter, value string) {
	switch parameter {
	case "":
	case "redirect_uri", "resource", "post_logout_redirect_uri", "htu", "aud", "iss", "sub":
		*f.member(parameter) = cleanList(value, cleanURI)
	default:
		*f.member(parameter) = cleanList(value, cleanWord)
	}
}

// compare adds the value that the cause compares with an expected one, where it is not among the facts:
// a claim of a proof or of an assertion, which is not verified and may be any text, or a parameter of
// which a service knows what it must be. sent is nil for a route whose parameters are not read.
func (r *Recorder) compare(req *http.Request, sent parameters, f Finished, k *key) {
	if f.Refusal.Sent != "" {
		k.facts.setExpected(f.Refusal.Parameter, f.Refusal.Sent) // of a token, which this server issued
		return
	}
	if f.Refusal.Cause == errorv1.Cause_CAUSE_METHOD_NOT_ALLOWED {
		k.field, k.facts.Value, k.expected.Value = "method", k.method, clean(strings.ReplaceAll(f.Header.Get("Allow"), ",", ""))
		return
	}
	if sent == nil {
		return
	}
	if c, ok := r.claim(req, sent.get, f); ok {
		k.field = c.name
		k.facts.setSent(c.name, c.sent)
		if f.Refusal.Parameter != c.name {
			k.expected.setExpected(c.name, c.expected)
		}
		return
	}
	switch f.Refusal.Cause { //nolint:exhaustive // the others compare a fact, or nothing that may be shown
	case errorv1.Cause_CAUSE_RESPONSE_MODE_UNSUPPORTED:
		k.field = "response_mode"
		k.facts.setSent(k.field, sent[k.field])
		k.expected.setExpected(k.field, "query")
	case errorv1.Cause_CAUSE_LOGOUT_URI_NOT_REGISTERED:
		k.facts.setSent("post_logout_redirect_uri", sent["post_logout_redirect_uri"])
	}
}

// comparison is a claim that is not the one that was expected, with the values of a list. A value that the
// service expected wins over this expected one.
type comparison struct {
	name     string
	sent     []string
	expected string
}

// claim returns the claim of a DPoP proof (RFC 9449 §4.2) or of a client assertion (RFC 7523 §3) that the
// cause compares; false where it compares none.
func (r *Recorder) claim(req *http.Request, get func(name string) string, f Finished) (comparison, bool) {
	proof := func() claims { return claimsOf(req.Header.Get("DPoP")) }
	assertion := func() claims { return claimsOf(get("client_assertion")) }
	algorithms := strings.Join(oauth.SigningAlgorithms(), " ")
	switch f.Refusal.Cause { //nolint:exhaustive // the others compare no claim
	case errorv1.Cause_CAUSE_PROOF_METHOD:
		return comparison{"htm", proof().payload["htm"], methodOf(req)}, true
	case errorv1.Cause_CAUSE_PROOF_URL:
		return comparison{"htu", proof().payload["htu"], r.origins.API + f.Endpoint}, true
	case errorv1.Cause_CAUSE_PROOF_TYPE:
		return comparison{"typ", proof().header["typ"], "dpop+jwt"}, true
	case errorv1.Cause_CAUSE_PROOF_ALGORITHM:
		return comparison{"alg", proof().header["alg"], algorithms}, true
	case errorv1.Cause_CAUSE_ASSERTION_AUDIENCE, errorv1.Cause_CAUSE_ASSERTION_AUDIENCE_ENDPOINT:
		return comparison{"aud", assertion().payload["aud"], r.origins.Issuer}, true
	case errorv1.Cause_CAUSE_ASSERTION_TYPE:
		return comparison{"typ", assertion().header["typ"], "JWT"}, true
	case errorv1.Cause_CAUSE_ASSERTION_ALGORITHM:
		return comparison{"alg", assertion().header["alg"], algorithms}, true
	case errorv1.Cause_CAUSE_ASSERTION_ISSUER:
		client, sent := cmp.Or(f.Refusal.ClientID, get("client_id")), assertion().payload
		if slices.Equal(sent["iss"], []string{client}) {
			return comparison{"sub", sent["sub"], cleanIdentifier(client)}, true
		}
		return comparison{"iss", sent["iss"], cleanIdentifier(client)}, true
	}
	return comparison{}, false
}

// claims are those of a JWT that are compared, each with its values.
type claims struct{ header, payload map[string][]string }

// claimsOf returns the claims of a JWT without verifying it, and none of another text.
func claimsOf(jwt string) claims {
	parts := strings.Split(jwt, ".")
	const jws = 3
	if len(parts) != jws {
		return claims{}
	}
	return claims{header: members(parts[0], "typ", "alg"), payload: members(parts[1], "iss", "sub", "aud", "htm", "htu")}
}

// members returns the texts of some members of a part of a JWT.
func members(part string, names ...string) map[string][]string {
	found := map[string][]string{}
	text, err := base64.RawURLEncoding.DecodeString(part)
	var all map[string]any
	if err != nil || json.Unmarshal(text, &all) != nil {
		return found
	}
	for _, name := range names {
		found[name] = textsOf(all[name])
	}
	return found
}
