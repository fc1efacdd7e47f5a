package flow

import (
	"errors"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// refusal is the refusal of a request. Its text uses only the characters of RFC 6749 §4.1.2.1
// (error_description). Of the request it repeats only words of the scope.
type refusal struct {
	// cause is for the log.
	cause cause.Cause
	// code is the error code of RFC 6749 §4.1.2.1; empty if only a page may show the error.
	code string
	text string
	// parameter is the parameter that was refused, for the log; empty where the text or the cause says more.
	parameter string
	// names stand in the text of a page, in the places of %s.
	names []string
	// temporary says that the same request may succeed soon.
	temporary bool
	// unreadable is why the client's document could not be read; nil for any other refusal.
	unreadable error
}

// Error returns the text.
func (r *refusal) Error() string { return r.text }

// RequestError is the refusal of a request that a client sends itself: to push it, or as a device.
type RequestError struct {
	Cause cause.Cause
	// Code is the error code of RFC 6749 §4.1.2.1.
	Code string
	// Text repeats only words of the scope.
	Text string
}

// Error returns the text.
func (e *RequestError) Error() string { return e.Text }

// pageWith shows an error page to the user: no redirect URI is known to be safe.
func pageWith(why cause.Cause, text string) *refusal { return &refusal{cause: why, text: text} }

// unreadableText is the text of a page about a request whose parameters cannot be read, which may be in
// its address or in a form. It has the limits of oauth.ParseQuery, and nothing of the request.
func unreadableText(err error) string {
	switch {
	case errors.Is(err, oauth.ErrParamsTooLong):
		return "The app's request cannot be read: it is longer than 16 KiB."
	case errors.Is(err, oauth.ErrParamsTooMany):
		return "The app's request cannot be read: it has more than 100 parameters."
	case errors.Is(err, oauth.ErrParamsSeparator):
		return "The app's request cannot be read: a semicolon in it is not percent-encoded."
	case errors.Is(err, oauth.ErrParamsUTF8):
		return "The app's request cannot be read: it has text that is not UTF-8."
	}
	return "The app's request cannot be read: a percent sign in it is not followed by two hexadecimal digits."
}

// redirectWith redirects the error to the client.
func redirectWith(why cause.Cause, code, text string) *refusal {
	return &refusal{cause: why, code: code, text: text}
}

func invalidRequest(why cause.Cause, text string) *refusal {
	return redirectWith(why, invalidRequestCode, text)
}

// repeated refuses a parameter that was sent twice.
func repeated(name string) *refusal {
	return invalidRequest(cause.ParameterRepeated, "the parameter "+name+" is repeated").of(name)
}

// of names the parameter that was refused, for the log.
func (r *refusal) of(parameter string) *refusal {
	r.parameter = parameter
	return r
}

// invalidRequestCode is the error code of RFC 6749 §4.1.2.1.
const invalidRequestCode = "invalid_request"

// invalidScope names the wrong word; error_description may contain no quotation marks.
func invalidScope(why cause.Cause, text string) *refusal {
	return redirectWith(why, "invalid_scope", strings.ReplaceAll(text, `"`, "'"))
}

// responseURL returns an authorization response in the query (RFC 6749 §4.1.2): the result, the
// state if one was sent, and the issuer (RFC 9207).
func (f Flow) responseURL(redirectURI, state string, result ...[2]string) (string, error) {
	if state != "" {
		result = append(result, [2]string{"state", state})
	}
	return oauth.AppendQuery(redirectURI, append(result, [2]string{"iss", f.Issuer})...)
}
