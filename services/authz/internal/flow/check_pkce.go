package flow

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// checkPKCE requires a code challenge from every public client (RFC 9700 §2.1.1), from every client
// of a document, which may be public when the code is redeemed, and with the profile fapi2 (FAPI 2.0
// §5.3.2.2). It validates the challenge of every client that sends one.
func checkPKCE(_ context.Context, _ Flow, a *request) error {
	challenge, method := a.value("code_challenge"), a.value("code_challenge_method")
	if challenge == "" && method == "" && !requiresChallenge(a.client) {
		return nil
	}
	err := oauth.CheckChallenge(challenge, method)
	switch {
	case errors.Is(err, oauth.ErrChallengeMissing):
		return invalidRequest(cause.ChallengeMissing, "the parameter code_challenge is missing")
	case errors.Is(err, oauth.ErrChallengeMethod):
		return invalidRequest(cause.ChallengeMethod, "the parameter code_challenge_method must be S256")
	case err != nil:
		return invalidRequest(cause.ChallengeMalformed, "the parameter code_challenge must be 43 base64url characters")
	}
	a.CodeChallenge = challenge
	return nil
}

func requiresChallenge(registration client.Registration) bool {
	return registration.Type != client.Confidential || client.IsDocument(registration.ID) || registration.Profile == client.FAPI2
}
