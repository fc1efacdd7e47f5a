package flow

import (
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// refusal is a request that cannot go on. Its text is within the characters of RFC 6749 §4.1.2.1 (error_description); of what
// the request said it repeats words of the scope alone.
type refusal struct {
	// cause is for the log.
	cause cause.Cause
	// code is that of RFC 6749 §4.1.2.1; empty when only a page may tell.
	code string
	text string
}

// Error is the text.
func (r *refusal) Error() string { return r.text }

// pageWith shows the person a page. There is nobody else whom one could safely tell.
func pageWith(why cause.Cause, text string) *refusal { return &refusal{cause: why, text: text} }

// redirectWith tells the app.
func redirectWith(why cause.Cause, code, text string) *refusal {
	return &refusal{cause: why, code: code, text: text}
}

func invalidRequest(why cause.Cause, text string) *refusal {
	return redirectWith(why, "invalid_request", text)
}

// invalidScope says which word is wrong; a description has no quotation marks.
func invalidScope(why cause.Cause, text string) *refusal {
	return redirectWith(why, "invalid_scope", strings.ReplaceAll(text, `"`, "'"))
}

// answer is an authorization response in the query (RFC 6749 §4.1.2): the result, the state where one was sent, and the
// issuer (RFC 9207).
func (f Flow) answer(redirectURI, state string, result ...[2]string) (string, error) {
	if state != "" {
		result = append(result, [2]string{"state", state})
	}
	return oauth.AppendQuery(redirectURI, append(result, [2]string{"iss", f.Issuer})...)
}
