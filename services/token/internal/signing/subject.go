package signing

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// subjectsName is the name of the stored secret of Subjects.
const subjectsName = "pairwise subjects"

// subjectsKeyLength is the length of that secret, in bytes.
const subjectsKeyLength = 32

// Subjects derives pairwise subjects (OpenID Connect Core §8.1). The zero value is not usable.
type Subjects struct{ key []byte }

// OpenSubjects returns the subjects under the stored secret, which is created once and never changes:
// an encryption key that changes must not change a subject.
func OpenSubjects(ctx context.Context, store Store, box Box) (Subjects, error) {
	fresh := make([]byte, subjectsKeyLength)
	_, _ = rand.Read(fresh) // it never fails
	sealed, err := box.Seal(subjectsName, fresh)
	if err != nil {
		return Subjects{}, err
	}
	if sealed, err = store.StoredSecret(ctx, subjectsName, sealed); err != nil {
		return Subjects{}, err
	}
	key, err := box.Open(subjectsName, sealed)
	if err != nil {
		return Subjects{}, err
	}
	resealed, err := box.Reseal(subjectsName, sealed)
	if err == nil && resealed != nil {
		err = store.ResealSecret(ctx, subjectsName, sealed, resealed)
	}
	if err != nil {
		return Subjects{}, err
	}
	return Subjects{key: key}, nil
}

// Pairwise returns the subject of a user for a sector: it reveals nothing of the user, and differs
// for every sector.
func (s Subjects) Pairwise(sector, userID string) string {
	mac := hmac.New(sha256.New, s.key)
	for _, part := range []string{sector, userID} {
		mac.Write([]byte(part))
		mac.Write([]byte{0}) // terminated, so that no two lists of parts have the same bytes
	}
	return oauth.PairwiseSubject(base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
}
