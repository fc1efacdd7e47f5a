package requestlog

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/vidocu/usher/gateway/internal/refusal"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// expectedOf returns what was expected instead, from the service that refused or as the cause implies.
func expectedOf(r refusal.Refusal) (f Facts) {
	f.set(r.Parameter, r.Expected)
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
		f.MediaType = typeJSON + " " + typeForm
	}
	return f
}

// typeForm is the media type of a form.
const typeForm = "application/x-www-form-urlencoded"

// set sets the value of a parameter, as far as it may be shown.
func (f *Facts) set(parameter, value string) {
	switch parameter {
	case "":
	case "redirect_uri":
		f.RedirectURI = cleanURI(value)
	case "scope":
		f.Scope = cleanWords(value)
	case "grant_type":
		f.GrantType = cleanWords(value)
	case "resource":
		f.Resource = cleanURIs(value)
	case "token_endpoint_auth_method":
		f.AuthMethod = clean(value)
	case "post_logout_redirect_uri", "htu", "aud":
		f.Value = cleanURIs(value)
	default:
		f.Value = cleanWords(value)
	}
}

// compare adds the value that the cause compares with an expected one, where it is not among the facts:
// a claim of a proof or of an assertion, which is not verified and may be any text, or a parameter of
// which a service knows what it must be. n is nil for a route whose parameters are not read.
func (r *Recorder) compare(req *http.Request, n *note, f Finished, k *key) {
	if f.Refusal.Sent != "" {
		k.facts.set(f.Refusal.Parameter, f.Refusal.Sent)
		return
	}
	if f.Refusal.Cause == errorv1.Cause_CAUSE_METHOD_NOT_ALLOWED {
		k.field, k.facts.Value, k.expected.Value = "method", k.method, clean(strings.ReplaceAll(f.Header.Get("Allow"), ",", ""))
		return
	}
	if n == nil {
		return
	}
	get := parameters(req, n)
	if c, ok := r.claim(req, get, f); ok {
		k.field = c.name
		k.facts.set(c.name, c.sent)
		if c.expected != "" {
			k.expected.set(c.name, c.expected)
		}
		return
	}
	switch f.Refusal.Cause { //nolint:exhaustive // the others compare a fact, or nothing that may be shown
	case errorv1.Cause_CAUSE_RESPONSE_MODE_UNSUPPORTED:
		k.field = "response_mode"
		k.facts.set(k.field, get(k.field))
		k.expected.set(k.field, "query")
	case errorv1.Cause_CAUSE_LOGOUT_URI_NOT_REGISTERED:
		k.facts.set("post_logout_redirect_uri", get("post_logout_redirect_uri"))
	}
}

// comparison is a claim that is not the one that was expected. An empty expected value is that of the
// service.
type comparison struct{ name, sent, expected string }

// claim returns the claim of a DPoP proof (RFC 9449 §4.2) or of a client assertion (RFC 7523 §3) that the
// cause compares; false where it compares none.
func (r *Recorder) claim(req *http.Request, get func(name string) string, f Finished) (comparison, bool) {
	var jwt string
	switch f.Refusal.Cause { //nolint:exhaustive // the others compare no claim
	case errorv1.Cause_CAUSE_PROOF_METHOD, errorv1.Cause_CAUSE_PROOF_URL, errorv1.Cause_CAUSE_PROOF_TYPE, errorv1.Cause_CAUSE_PROOF_ALGORITHM:
		jwt = req.Header.Get("DPoP")
	case errorv1.Cause_CAUSE_ASSERTION_AUDIENCE, errorv1.Cause_CAUSE_ASSERTION_AUDIENCE_ENDPOINT, errorv1.Cause_CAUSE_ASSERTION_ISSUER,
		errorv1.Cause_CAUSE_ASSERTION_TYPE, errorv1.Cause_CAUSE_ASSERTION_ALGORITHM:
		jwt = get("client_assertion")
	default:
		return comparison{}, false
	}
	sent := claimsOf(jwt)
	switch f.Refusal.Cause { //nolint:exhaustive // as above
	case errorv1.Cause_CAUSE_PROOF_METHOD:
		return comparison{"htm", sent["htm"], methodOf(req)}, true
	case errorv1.Cause_CAUSE_PROOF_URL:
		return comparison{"htu", sent["htu"], r.origins.API + f.Endpoint}, true
	case errorv1.Cause_CAUSE_PROOF_TYPE:
		return comparison{"typ", sent["typ"], "dpop+jwt"}, true
	case errorv1.Cause_CAUSE_ASSERTION_AUDIENCE, errorv1.Cause_CAUSE_ASSERTION_AUDIENCE_ENDPOINT:
		return comparison{"aud", sent["aud"], r.origins.Issuer}, true
	case errorv1.Cause_CAUSE_ASSERTION_ISSUER:
		client := f.Refusal.ClientID
		if client == "" {
			client = get("client_id")
		}
		if sent["iss"] == client {
			return comparison{"sub", sent["sub"], client}, true
		}
		return comparison{"iss", sent["iss"], client}, true
	case errorv1.Cause_CAUSE_ASSERTION_TYPE:
		return comparison{"typ", sent["typ"], "JWT"}, true
	}
	expected := ""
	if f.Refusal.Parameter != "alg" {
		expected = strings.Join(oauth.SigningAlgorithms(), " ")
	}
	return comparison{"alg", sent["alg"], expected}, true
}

// claimsOf returns the claims of a JWT that are compared, without verifying it: texts, and lists of texts
// separated by spaces.
func claimsOf(jwt string) map[string]string {
	found := map[string]string{}
	parts := strings.Split(jwt, ".")
	const jws = 3
	if len(parts) != jws {
		return found
	}
	for _, part := range parts[:2] {
		text, err := base64.RawURLEncoding.DecodeString(part)
		var members map[string]any
		if err != nil || json.Unmarshal(text, &members) != nil {
			continue
		}
		for _, name := range []string{"typ", "alg", "iss", "sub", "aud", "htm", "htu"} {
			switch value := members[name].(type) {
			case string:
				found[name] = value
			case []any:
				var words []string
				for _, one := range value {
					word, _ := one.(string)
					words = append(words, word)
				}
				found[name] = strings.Join(words, " ")
			}
		}
	}
	return found
}
