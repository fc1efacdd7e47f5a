package attempt

import (
	"cmp"
	"strings"

	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// accountName returns the same name for all spellings of an address. A string that is no address
// has a budget too, so that it is refused after as many attempts.
func accountName(typed string) ratelimit.Name {
	spelling := account.Spell(typed)
	if address := cmp.Or(spelling.Canonical, spelling.Earlier); address != "" {
		return ratelimit.Name{Kind: "account", Value: string(address)}
	}
	return ratelimit.Name{Kind: "no account", Value: strings.TrimSpace(typed)}
}

// signInName is accountName for the budget of successful sign-ins.
func signInName(typed string) ratelimit.Name {
	name := accountName(typed)
	name.Kind = "sign-in"
	return name
}
