package openid

import (
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/vidocu/usher/gateway/internal/guard"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/sdk/enforce"
)

// Paths of the endpoints.
const (
	KeysPath     = "/oauth/jwks"
	UserInfoPath = "/oauth/userinfo"
)

// cacheKeys is how verifiers may cache the keys: a key is published for a day before it signs, and for a
// day after it signed.
const cacheKeys = "public, max-age=3600"

// Keys serves the JWK Set.
type Keys struct {
	Tokens tokenv1.OpenIDServiceClient
	Logger *slog.Logger
}

// ServeHTTP is http.Handler.
func (k Keys) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	res, err := k.Tokens.GetKeys(r.Context(), &tokenv1.GetKeysRequest{})
	if err != nil {
		if r.Context().Err() == nil {
			k.Logger.WarnContext(r.Context(), "the signing keys cannot be read", "error", err)
		}
		guard.WriteDenial(w, enforce.Unavailable())
		return
	}
	set := struct {
		Keys []json.RawMessage `json:"keys"`
	}{Keys: make([]json.RawMessage, len(res.GetKeys()))}
	for i, key := range res.GetKeys() {
		set.Keys[i] = json.RawMessage(key)
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", cacheKeys)
	_ = json.NewEncoder(w).Encode(set) // fails only where the client has disconnected
}
