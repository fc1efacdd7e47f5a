package authz

import (
	"context"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/lastuse"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/assertion"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/remotekeys"
	"github.com/vidocu/usher/services/authz/internal/store"
)

// maxKeySet bounds the document at a client's jwks_uri, in bytes.
const maxKeySet = 64 << 10

// authenticator returns the authenticator of clients: with secrets, and with assertions that their
// registered or published keys verify.
func authenticator(deps Deps, records client.Records, uses *lastuse.Recorder) client.Authenticator {
	published := remotekeys.New(func(ctx context.Context, address string) ([]byte, time.Duration, error) {
		document, err := deps.Fetcher.Get(ctx, address, maxKeySet)
		return document.Body, document.MaxAge, err
	}, deps.Now)
	return client.Authenticator{
		Records: records, Published: published, Uses: registeredUses{uses},
		Assertions: assertion.Verifier{Issuer: deps.Issuer, Entries: deps.ShortLived, Now: deps.Now},
	}
}

// registeredUses records the uses of keys and secrets of clients that are registered here: the store has no
// other clients.
type registeredUses struct{ recorder *lastuse.Recorder }

// Used is client.Uses.
func (r registeredUses) Used(clientID, keyID string) {
	if !client.IsDocument(clientID) {
		r.recorder.Used([]byte(clientID + keySeparator + keyID))
	}
}

// UsedSecret is client.Uses.
func (r registeredUses) UsedSecret(clientID string, hash secret.Hash) {
	r.Used(clientID, store.SecretUse(hash))
}

// keySeparator separates a client's identifier, which has no space, from that of its key.
const keySeparator = " "

// newKeyUses returns the recorder of registeredUses.
func newKeyUses(deps Deps, st *store.Store) *lastuse.Recorder {
	return lastuse.New(func(ctx context.Context, id []byte) error {
		clientID, keyID, _ := strings.Cut(string(id), keySeparator)
		return st.TouchKey(ctx, clientID, keyID)
	}, deps.Logger.With("of", "client keys"))
}
