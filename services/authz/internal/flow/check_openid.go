package flow

import (
	"context"
	"unicode/utf8"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// maxNonce is the maximum length of a nonce, in bytes: it returns in every ID token of the code.
const maxNonce = 255

// IDTokenHint is an ID token that this server issued before, as the token service verified it.
type IDTokenHint struct {
	ClientID, UserID string
}

// checkNonce reads the value that the ID token repeats (OpenID Connect Core §3.1.2.1).
func checkNonce(_ context.Context, _ Flow, a *request) error {
	nonce := a.value("nonce")
	if len(nonce) > maxNonce || !utf8.ValidString(nonce) {
		return invalidRequest(cause.NonceMalformed, "the parameter nonce must be at most 255 bytes of UTF-8")
	}
	a.Nonce = nonce
	return nil
}

// checkIDTokenHint reads the user who must sign in (OpenID Connect Core §3.1.2.1). A token that does not
// verify is refused: it would be ignored otherwise, and another user could continue.
func checkIDTokenHint(_ context.Context, _ Flow, a *request) error {
	switch {
	case a.value("id_token_hint") == "":
		return nil
	case a.hint == nil, a.hint.ClientID != a.client.ID:
		return invalidRequest(cause.IDTokenHintInvalid, "the parameter id_token_hint is not an ID token of this server for the app")
	}
	a.Demand.UserID = a.hint.UserID
	return nil
}
