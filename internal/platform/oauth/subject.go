package oauth

import "strings"

// pairwisePrefix is the prefix of a pairwise subject (OpenID Connect Core §8.1): no user, client or API
// key has an identifier that begins so.
const pairwisePrefix = "pair_"

// PairwiseSubject returns the subject of a hash.
func PairwiseSubject(hash string) string { return pairwisePrefix + hash }

// IsPairwiseSubject reports whether a subject names a user for one sector, and is not the user's
// identifier.
func IsPairwiseSubject(subject string) bool { return strings.HasPrefix(subject, pairwisePrefix) }
