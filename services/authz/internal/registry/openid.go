package registry

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// PairwiseSector requests pairwise subjects for a new client: CreateClient replaces it by the sector
// identifier. No host has this name.
const PairwiseSector = "?"

// openID validates what concerns OpenID Connect alone.
func (d Clients) openID(registration client.Registration) error {
	algorithms := oauth.IDTokenAlgorithms()
	if alg := registration.IDTokenAlgorithm; alg != "" && !slices.Contains(algorithms, alg) {
		return oauth.InvalidField("id_token_signed_response_alg", fmt.Sprintf("must be %s", oauth.JoinNames(algorithms, "or")))
	}
	if err := d.checkBackChannel(registration.BackChannelLogout); err != nil {
		return err
	}
	return d.redirectURIs("post_logout_redirect_uris", registration.PostLogoutRedirectURIs)
}

// setSector sets the sector identifier of a client that requests pairwise subjects: the host of its
// redirect URIs (OpenID Connect Core §8.1). It never changes afterwards, since every subject would.
func setSector(registration *client.Registration) error {
	if registration.Sector == "" {
		return nil
	}
	if len(registration.RedirectURIs) == 0 {
		return oauth.InvalidField("subject_type", "pairwise needs a redirect URI, whose host is the sector")
	}
	if registration.Sector = hostOf(registration.RedirectURIs[0]); registration.Sector == "" {
		return oauth.InvalidField("subject_type", "pairwise needs a redirect URI with a host, which is the sector")
	}
	return checkSector(*registration)
}

// checkSector refuses redirect URIs of another host than the sector of a client with pairwise subjects.
func checkSector(registration client.Registration) error {
	if registration.Sector == "" {
		return nil
	}
	for i, uri := range registration.RedirectURIs {
		if hostOf(uri) != registration.Sector {
			return oauth.InvalidField("redirect_uris", fmt.Sprintf(
				"has number %d, which has another host than %q: the subjects of the client are of that host", i+1, registration.Sector))
		}
	}
	return nil
}

func hostOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
