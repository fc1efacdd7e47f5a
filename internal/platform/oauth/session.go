package oauth

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/vidocu/usher/internal/platform/secret"
)

// WorkspaceClaim is the claim of an ID token that has the workspace of its grant.
const WorkspaceClaim = "https://vidocu.ai/claims/workspace"

// SessionID returns the identifier of a browser session as the ID tokens of a client name it (`sid`,
// OpenID Connect Front-Channel Logout 1.0 §3): a hash of the hash of the session's value and of the
// client, so that it cannot be used as a session, and two clients cannot compare theirs. It is empty for
// the zero hash.
func SessionID(session secret.Hash, clientID string) string {
	if session == (secret.Hash{}) {
		return ""
	}
	sum := sha256.Sum256(append(append([]byte("sid"), session.Bytes()...), clientID...))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
