package requestlog

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
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

func causeOf(number int32) errorv1.Cause { return errorv1.Cause(number) }

// read returns the client that a request named and its facts.
func read(req *http.Request, n *note) (client string, f Facts) {
	get := parameters(req, n)
	f = Facts{
		RedirectURI: cleanURI(get("redirect_uri")), Scope: cleanWords(get("scope")), GrantType: clean(get("grant_type")),
		ChallengeMethod: clean(get("code_challenge_method")), ResponseType: cleanWords(get("response_type")), Resource: cleanURIs(get("resource")),
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
	if masked(client) && !oauthClient(client) {
		client = ""
	}
	return cut(client), f
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

// parameters returns the look-up of a request's parameters: the query's of an authorization request,
// or the body's.
func parameters(req *http.Request, n *note) func(name string) string {
	if n.mediaType == typeJSON {
		var sent map[string]any
		if json.Unmarshal(n.body, &sent) != nil {
			return func(string) string { return "" }
		}
		return func(name string) string {
			text, _ := sent[name].(string)
			return text
		}
	}
	query := req.URL.RawQuery
	if len(n.body) > 0 {
		query = string(n.body)
	}
	values, _ := url.ParseQuery(query) // has the parameters that can be read
	return func(name string) string { return strings.Join(values[name], " ") }
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
func subjectOf(assertion string) string { return claimsOf(assertion)["sub"] }

const (
	// maxLength is the longest value, in bytes.
	maxLength = 300
	// mask stands for a value that could be a secret.
	mask = "…"
	// secretLength is the length from which a word without separators could be a secret.
	secretLength = 32
	// ownPrefix begins our credentials, and the identifiers of clients.
	ownPrefix = "vdo_"
)

// clean bounds a short value, such as the name of a grant type.
func clean(value string) string {
	if masked(value) {
		return mask
	}
	return cut(printable(value))
}

// cleanWords is clean for each word of a value.
func cleanWords(value string) string {
	words := strings.Fields(printable(cut(value)))
	for n, word := range words {
		if masked(word) {
			words[n] = mask
		}
	}
	return strings.Join(words, " ")
}

// cleanURIs is cleanURI for each word of a value.
func cleanURIs(value string) string {
	if len(value) > maxLength {
		return mask
	}
	words := strings.Fields(value)
	for n, word := range words {
		words[n] = cleanURI(word)
	}
	return strings.Join(words, " ")
}

// cleanURI masks the values of a query, the fragment, the user, and each part of the path that could
// be a secret.
func cleanURI(value string) string {
	if value == "" {
		return ""
	}
	value = printable(cut(value))
	u, err := url.Parse(value)
	if err != nil {
		return mask
	}
	text, _, _ := strings.Cut(value, "#")
	text, query, hasQuery := strings.Cut(text, "?")
	if u.User != nil && !strings.HasPrefix(text, u.Scheme+"://") {
		return mask // a user without a scheme, or after one that is written in another way
	}
	if u.User != nil {
		scheme, rest, _ := strings.Cut(text, "://")
		authority, path, hasPath := strings.Cut(rest, "/")
		if text = scheme + "://" + mask + authority[strings.LastIndexByte(authority, '@'):]; hasPath { // a password may have one too
			text += "/" + path
		}
	}
	parts := strings.Split(text, "/")
	for n, part := range parts {
		if masked(part) {
			parts[n] = mask
		}
	}
	text = strings.Join(parts, "/")
	if hasQuery {
		names := strings.Split(query, "&")
		for n, pair := range names {
			name, _, _ := strings.Cut(pair, "=")
			if names[n] = name + "=" + mask; masked(name) {
				names[n] = mask
			}
		}
		text += "?" + strings.Join(names, "&")
	}
	if u.Fragment != "" {
		text += "#" + mask
	}
	return text
}

// masked reports whether a word could be a secret: one of our credentials, or a long run of letters
// and digits such as one of another server.
func masked(word string) bool {
	if strings.HasPrefix(word, ownPrefix) && !oauthClient(word) {
		return true
	}
	run, digits, letters := 0, 0, 0
	for _, c := range word {
		switch {
		case unicode.IsDigit(c):
			digits++
		case unicode.IsLetter(c):
			letters++
		case c != '-' && c != '_':
			run, digits, letters = 0, 0, 0
			continue
		}
		if run++; run >= secretLength && digits > 0 && letters > 0 {
			return true
		}
	}
	return false
}

// oauthClient reports whether a name has the format of a client of ours, which may be long.
func oauthClient(name string) bool {
	return strings.HasPrefix(name, "vdo_client_") || strings.HasPrefix(name, "https://")
}

func printable(value string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) || c == unicode.ReplacementChar {
			return ' '
		}
		return c
	}, value)
}

// cut masks a value that is too long: no part of it is stored.
func cut(value string) string {
	if len(value) <= maxLength {
		return value
	}
	return mask
}
