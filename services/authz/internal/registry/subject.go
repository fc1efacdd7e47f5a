package registry

import (
	"fmt"
	"slices"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// The values of subject_type (OpenID Connect Core §8).
const (
	subjectPublic   = "public"
	subjectPairwise = "pairwise"
)

// CheckIDTokenAlgorithm refuses an algorithm that no ID token is signed with; empty is the default one. It
// returns an *oauth.FieldError.
func CheckIDTokenAlgorithm(algorithm string) error {
	if supported := oauth.IDTokenAlgorithms(); algorithm != "" && !slices.Contains(supported, algorithm) {
		return oauth.InvalidField("id_token_signed_response_alg", fmt.Sprintf("must be %s", oauth.JoinNames(supported, "or")))
	}
	return nil
}

// SetSubjectType sets the sector of a new client that registers or describes itself, by the subject type that
// it asks for; empty is public. The client has its identifier and redirect URIs. It returns an
// *oauth.FieldError.
func SetSubjectType(registration *client.Registration, subjectType string) error {
	switch subjectType {
	case "", subjectPublic:
		registration.Sector = ""
	case subjectPairwise:
		registration.Sector = PairwiseSector
	default:
		return oauth.InvalidField("subject_type", fmt.Sprintf("must be %s or %s", subjectPublic, subjectPairwise))
	}
	return setSector(registration)
}

// KeepSubjectType sets the sector of a client that changes its registration to the one that it had, which is
// empty for public subjects. It refuses another subject type or a redirect URI of another sector: each subject
// would change, and a client could learn those of another sector. It returns an *oauth.FieldError.
func KeepSubjectType(registration *client.Registration, subjectType, sector string) error {
	had := subjectPublic
	if sector != "" {
		had = subjectPairwise
	}
	if subjectType != had && (subjectType != "" || had != subjectPublic) {
		return oauth.InvalidField("subject_type", fmt.Sprintf("must be %s: the subjects of a client never change", had))
	}
	registration.Sector = sector
	return checkSector(*registration)
}
