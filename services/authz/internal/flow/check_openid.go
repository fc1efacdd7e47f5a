package flow

import (
	"context"
	"unicode/utf8"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// maxNonce is the maximum length of a nonce, in bytes: it returns in every ID token of the code.
const maxNonce = 255

// IDTokenHint is an ID token that this server issued before, as the token service verified it.
type IDTokenHint struct {
	ClientID, UserID string
}

// openID reports whether OpenID Connect is on.
func (f Flow) openID() bool { return f.Scopes.IsOpenID(oauth.OpenIDScope) }

// checkOpenID reads the parameters of OpenID Connect Core §3.1.2.1 that OAuth 2.0 does not have. Where
// OpenID Connect is off, they are ignored.
func checkOpenID(_ context.Context, f Flow, a *request) error {
	if !f.openID() {
		return nil
	}
	for _, name := range [...]string{"nonce", "id_token_hint", "registration"} {
		if a.repeated(name) {
			return repeated(name)
		}
	}
	if a.value("registration") != "" {
		return redirectWith(cause.RequestObjectUnsupported, "registration_not_supported", "the parameter registration is not supported: register the client")
	}
	if err := a.readNonce(); err != nil {
		return err
	}
	return a.readIDTokenHint()
}

// readNonce reads the value that the ID token repeats.
func (a *request) readNonce() error {
	nonce := a.value("nonce")
	if len(nonce) > maxNonce || !utf8.ValidString(nonce) {
		return invalidRequest(cause.NonceMalformed, "the parameter nonce must be at most 255 bytes of UTF-8")
	}
	a.Nonce = nonce
	return nil
}

// readIDTokenHint reads the user who must sign in. A token that does not verify is refused: it would be
// ignored otherwise, and another user could continue.
func (a *request) readIDTokenHint() error {
	switch {
	case a.value("id_token_hint") == "":
		return nil
	case a.hint == nil, a.hint.ClientID != a.client.ID:
		return invalidRequest(cause.IDTokenHintInvalid, "the parameter id_token_hint is not an ID token of this server for the app")
	}
	a.Demand.UserID = a.hint.UserID
	return nil
}
