package requestlog

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// Facts are the parameters of a request that are no secret. A value that could be one, because it
// stands where a secret does not belong, is masked.
type Facts struct {
	RedirectURI, Scope, GrantType, AuthMethod, ChallengeMethod, ResponseType, Resource, MediaType string
	// Tolerated is a mistake in a granted request that has no consequence; empty for none.
	Tolerated string
	// Value is the value of the parameter that was refused, where it is none of the above.
	Value string
}

func (f Facts) toProto() *activityv1.RequestFacts {
	return &activityv1.RequestFacts{
		RedirectUri: f.RedirectURI, Scope: f.Scope, GrantType: f.GrantType, AuthMethod: f.AuthMethod, CodeChallengeMethod: f.ChallengeMethod,
		ResponseType: f.ResponseType, Resource: f.Resource, MediaType: f.MediaType, Tolerated: f.Tolerated, Value: f.Value,
	}
}

// read returns the client that a request named in its parameters, and its facts.
func read(req *http.Request, sent parameters) (client string, f Facts) {
	get := sent.get
	f = Facts{
		RedirectURI: cleanURIs(sent["redirect_uri"]), Scope: cleanWords(get("scope")), GrantType: clean(get("grant_type")),
		ChallengeMethod: clean(get("code_challenge_method")), ResponseType: cleanWords(get("response_type")), Resource: cleanURIs(sent["resource"]),
		MediaType: clean(mediaType(req)),
	}
	if oauth.HasExtraSpaces(get("scope")) {
		f.Tolerated = scopeSpaces
	}
	client = get("client_id")
	basic, id := basicClient(req)
	switch {
	case get("client_assertion") != "":
		f.AuthMethod = "private_key_jwt"
		if client == "" {
			client = subjectOf(get("client_assertion"))
		}
	case basic:
		f.AuthMethod, client = "client_secret_basic", id
	case get("client_secret") != "":
		f.AuthMethod = "client_secret_post"
	case req.Method == http.MethodPost && client != "":
		f.AuthMethod = "none"
	}
	return known(client), f
}

// known returns the identifier of a client; empty for a text that may be a secret.
func known(client string) string {
	if masked(client) && !oauthClient(client) {
		return ""
	}
	return cut(client)
}

// clientOf returns the client that a query names.
func clientOf(query url.Values) string { return known(query.Get("client_id")) }

// readsBody reports whether an endpoint reads the parameters of a request in its body alone.
func readsBody(req *http.Request, endpoint string) bool {
	return req.Method == http.MethodPost && endpoint != "/oauth/authorize" && !strings.HasPrefix(endpoint, "/oauth/logout")
}

// scopeSpaces says that spaces of the parameter scope were ignored, which another server may refuse: Facts
// have its words without them.
const scopeSpaces = "scope_spaces"

// typeJSON is the media type of JSON.
const typeJSON = "application/json"

// mediaType returns the media type of the body without its parameters.
func mediaType(req *http.Request) string {
	kind, _, _ := strings.Cut(req.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// parameters are those of a request, each with its values: more than one where it was sent repeatedly.
type parameters map[string][]string

// get returns the values of a parameter, separated by spaces.
func (p parameters) get(name string) string { return strings.Join(p[name], " ") }

// parametersOf returns the parameters of a request to an endpoint, which are not nil: the query's of an
// authorization request, or the body's.
func parametersOf(req *http.Request, endpoint string, n *note) parameters {
	if n.mediaType == typeJSON {
		var sent map[string]any
		found := parameters{}
		if json.Unmarshal(n.body, &sent) != nil {
			return found
		}
		for name, value := range sent {
			found[name] = textsOf(value)
		}
		return found
	}
	query := req.URL.RawQuery
	if len(n.body) > 0 || readsBody(req, endpoint) {
		query = string(n.body)
	}
	values, _ := url.ParseQuery(query) // has the parameters that can be read
	return parameters(values)
}

// textsOf returns the texts of a JSON value: of a string, or of the strings of a list.
func textsOf(value any) (texts []string) {
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		for _, one := range value {
			if text, ok := one.(string); ok {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

// basicClient returns the client of an Authorization header, and whether it is HTTP Basic.
func basicClient(req *http.Request) (basic bool, client string) {
	name, _, ok := req.BasicAuth()
	if !ok {
		return false, ""
	}
	if decoded, err := url.QueryUnescape(name); err == nil {
		name = decoded
	}
	return true, name
}

// subjectOf returns the subject of an assertion, which is not verified yet: a request may name any client.
func subjectOf(assertion string) string {
	return strings.Join(claimsOf(assertion).payload["sub"], " ")
}
