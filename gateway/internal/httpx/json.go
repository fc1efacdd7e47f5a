package httpx

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/vidocu/usher/sdk/enforce"
)

// Bearer returns the bearer token of a request, of any kind; empty where there is none or it is
// malformed.
func Bearer(r *http.Request) string {
	token, _ := enforce.Bearer(r.Header.Values("Authorization"))
	return token
}

// WriteJSON writes JSON on one line, without HTML escapes.
func WriteJSON(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", TypeJSON)
	w.WriteHeader(code)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // fails only where the client has disconnected
}

// ErrorDescription replaces the characters that error_description must not contain (RFC 6749 §5.2).
func ErrorDescription(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return '\''
		}
		return c
	}, s)
}
