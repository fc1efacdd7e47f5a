package profile

import (
	"time"
	_ "time/tzdata" // an image without a time zone database knows the same zones

	"golang.org/x/text/language"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/administration"
)

// maxTag is the length of the longest language tag that software must be able to store, in bytes
// (RFC 5646 §4.4.1).
const maxTag = 35

// maxZone exceeds the length of every name of the IANA time zone database, in bytes.
const maxZone = 64

// Validate returns a profile in its stored form, or an *oauth.FieldError for the first field that is
// not allowed.
func Validate(p account.Profile) (account.Profile, error) {
	for _, name := range []struct {
		field string
		value *string
	}{{"first_name", &p.FirstName}, {"last_name", &p.LastName}, {"display_name", &p.DisplayName}} {
		stored, err := administration.Name(name.field, *name.value)
		if err != nil {
			return account.Profile{}, err
		}
		*name.value = stored
	}
	if p.Language != "" {
		tag, err := language.Parse(p.Language)
		if err != nil || len(p.Language) > maxTag {
			return account.Profile{}, oauth.InvalidField("language", "must be a language tag, such as de")
		}
		p.Language = tag.String()
	}
	if p.TimeZone != "" && !validZone(p.TimeZone) {
		return account.Profile{}, oauth.InvalidField("time_zone", "must be a time zone, such as Europe/Berlin")
	}
	return p, nil
}

// validZone reports whether a name is in the time zone database. "Local" is the server's own zone,
// and says nothing about the user.
func validZone(name string) bool {
	if len(name) > maxZone || name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}
