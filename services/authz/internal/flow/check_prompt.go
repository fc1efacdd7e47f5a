package flow

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// maxHintLength is the maximum length of a login_hint in bytes: no e-mail address is longer (RFC
// 5321 §4.5.3.1.3).
const maxHintLength = 254

// checkPrompt reads the client's requirements for the sign-in (OpenID Connect Core §3.1.2.1).
// `consent` is the default behaviour: the consent screen is shown for every request. Unknown values
// are ignored.
func checkPrompt(_ context.Context, _ Flow, a *request) error {
	prompts := strings.Fields(a.value("prompt"))
	a.silent = slices.Contains(prompts, "none")
	if a.silent && len(prompts) > 1 {
		return invalidRequest(cause.PromptContradictory, "the parameter prompt cannot be none and something else")
	}
	a.signInAgain = slices.Contains(prompts, "login")
	a.selectAccount = slices.Contains(prompts, "select_account")
	return nil
}

// checkMaxAge reads the maximum age of the sign-in, in seconds.
func checkMaxAge(_ context.Context, _ Flow, a *request) error {
	text := a.value("max_age")
	if text == "" {
		return nil
	}
	seconds, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return invalidRequest(cause.MaxAgeMalformed, "the parameter max_age must be a whole number of seconds")
	}
	age := time.Duration(seconds) * time.Second
	a.maxAge = &age
	return nil
}

// checkLoginHint reads the address that the sign-in form is filled with. It is only a hint: one
// that cannot be displayed is dropped.
func checkLoginHint(_ context.Context, _ Flow, a *request) error {
	hint := a.value("login_hint")
	if len(hint) <= maxHintLength && utf8.ValidString(hint) && strings.IndexFunc(hint, unicode.IsControl) < 0 {
		a.LoginHint = hint
	}
	return nil
}

// uiLocalesParam is the parameter with the languages of the user (OpenID Connect Core §3.1.2.1).
const uiLocalesParam = "ui_locales"

// checkUILocales reads the languages that the pages may be in, for the request of a client that pushes it:
// of any other one the gateway reads them. They are only a preference: a list that is too long is dropped.
func checkUILocales(_ context.Context, _ Flow, a *request) error {
	if locales := a.value(uiLocalesParam); len(locales) <= maxHintLength && utf8.ValidString(locales) {
		a.uiLocales = locales
	}
	return nil
}
