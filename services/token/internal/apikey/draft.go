package apikey

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/sdk/enforce"
)

const (
	// maxName bounds a name, in characters.
	maxName = 100
	// maxAddresses bounds the networks of a key.
	maxAddresses = 20
)

// Limits are what a key is restricted to.
type Limits struct {
	// Scopes are in the order of the catalog; empty for a key that no scope restricts.
	Scopes oauth.Scope
	// Addresses are the networks that it may be used from; empty for all.
	Addresses enforce.Addresses
}

// Draft is a key that is asked for.
type Draft struct {
	WorkspaceID, Name string
	// Scopes and Addresses are empty for no restriction.
	Scopes, Addresses []string
	// Lifetime is 0 for a key that does not expire.
	Lifetime time.Duration
	Creator  oauth.NamedUser
}

// Rotation asks for a key that replaces another one.
type Rotation struct {
	WorkspaceID, KeyID string
	// Overlap is how long the other key stays valid; 0 ends it at once.
	Overlap time.Duration
	Creator oauth.NamedUser
}

func (r Rotation) validate() error {
	if r.Overlap < 0 || r.Overlap > secret.MaxOverlap {
		return oauth.InvalidField("overlap_seconds", "must be from 0 to 30 days")
	}
	return nil
}

// validate returns the limits of a draft.
func (k Keys) validate(d Draft) (Limits, error) {
	if !validName(d.Name) {
		return Limits{}, oauth.InvalidField("name", "must be 1 to 100 printable characters")
	}
	var limits Limits
	known := k.Scopes()
	for _, scope := range d.Scopes {
		if !slices.Contains(known, scope) {
			return Limits{}, oauth.InvalidField("scopes", "must be scopes of the catalog that concern endpoints")
		}
	}
	for _, scope := range known {
		if slices.Contains(d.Scopes, scope) {
			limits.Scopes = append(limits.Scopes, scope)
		}
	}
	if len(d.Addresses) > maxAddresses {
		return Limits{}, oauth.InvalidField("allowed_addresses", "must be at most 20")
	}
	var err error
	if limits.Addresses, err = enforce.ParseAddresses(d.Addresses); err != nil {
		return Limits{}, oauth.InvalidField("allowed_addresses", err.Error())
	}
	if d.Lifetime != 0 && (d.Lifetime < secret.MinLifetime || d.Lifetime > secret.MaxKeyLifetime) {
		return Limits{}, oauth.InvalidField("lifetime_seconds", "must be from a minute to 10 years, or 0 for a key that does not expire")
	}
	return limits, nil
}

// validName accepts names that a list can show as they are: no line breaks, no invisible direction
// marks, and not only spaces.
func validName(name string) bool {
	return strings.TrimSpace(name) != "" && !strings.ContainsRune(name, utf8.RuneError) && oauth.PrintableText(name, maxName)
}
