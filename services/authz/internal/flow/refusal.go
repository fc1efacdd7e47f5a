package flow

import (
	"github.com/vidocu/usher/internal/platform/oauth"
)

// refusal is a request that cannot go on. Its text is fixed and within the characters of RFC 6749 §4.1.2.1
// (error_description): it never repeats what the request said.
type refusal struct {
	// code is that of RFC 6749 §4.1.2.1; empty when only a page may tell.
	code string
	text string
}

// Error is the text.
func (r *refusal) Error() string { return r.text }

// pageWith shows the person a page. There is nobody else whom one could safely tell.
func pageWith(text string) *refusal { return &refusal{text: text} }

// redirectWith tells the app.
func redirectWith(code, text string) *refusal { return &refusal{code: code, text: text} }

func invalidRequest(text string) *refusal { return redirectWith("invalid_request", text) }

// answer is an authorization response in the query (RFC 6749 §4.1.2): the result, the state where one was sent, and the
// issuer (RFC 9207).
func (f Flow) answer(redirectURI, state string, result ...[2]string) (string, error) {
	if state != "" {
		result = append(result, [2]string{"state", state})
	}
	return oauth.AppendQuery(redirectURI, append(result, [2]string{"iss", f.Issuer})...)
}
