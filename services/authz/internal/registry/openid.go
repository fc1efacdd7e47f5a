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
	if err := CheckIDTokenAlgorithm(registration.IDTokenAlgorithm); err != nil {
		return err
	}
	if err := d.checkBackChannel(registration.BackChannelLogout); err != nil {
		return err
	}
	return d.redirectURIs("post_logout_redirect_uris", registration.PostLogoutRedirectURIs)
}

// setSector sets the sector identifier of a client that requests pairwise subjects: the host of its
// redirect URIs (OpenID Connect Core §8.1), or the client's own identifier where that is no host of its
// own. It never changes afterwards, since every subject would.
func setSector(registration *client.Registration) error {
	if registration.Sector == "" {
		return nil
	}
	if len(registration.RedirectURIs) == 0 {
		return oauth.InvalidField("subject_type", "pairwise needs a redirect URI, whose host is the sector")
	}
	registration.Sector = sectorOf(registration.ID, registration.RedirectURIs[0])
	return checkSector(*registration)
}

// checkSector refuses redirect URIs of another sector than that of a client with pairwise subjects.
func checkSector(registration client.Registration) error {
	return checkSectorBy(registration, func(uri string) bool { return sectorOf(registration.ID, uri) == registration.Sector })
}

// checkChangedSector is checkSector for a change of a client. An earlier build stored the loopback host of a
// native client, or the authority behind its private-use scheme, as its sector, which it keeps for ever: it may
// have more such addresses. A client with a sector on a host must not, since any client may have that authority.
func checkChangedSector(before, after client.Registration) error {
	onHost := func(uri string) bool { return sectorOf(before.ID, uri) != before.ID }
	if before.Sector == before.ID || slices.ContainsFunc(before.RedirectURIs, onHost) {
		return checkSector(after)
	}
	return checkSectorBy(after, func(uri string) bool { return !onHost(uri) && hostOf(uri) == after.Sector })
}

// checkSectorBy refuses redirect URIs that are not of the sector of a client with pairwise subjects.
func checkSectorBy(registration client.Registration, has func(uri string) bool) error {
	if registration.Sector == "" {
		return nil
	}
	for i, uri := range registration.RedirectURIs {
		if has(uri) {
			continue
		}
		if registration.Sector == registration.ID {
			return oauth.InvalidField("redirect_uris", fmt.Sprintf(
				"has number %d, which is on a host: the subjects of the client are of its addresses on a device", i+1))
		}
		return oauth.InvalidField("redirect_uris", fmt.Sprintf(
			"has number %d, which has another host than %q: the subjects of the client are of that host", i+1, registration.Sector))
	}
	return nil
}

// sectorOf returns the sector of a redirect URI of a client. Every native client has loopback addresses, and
// may have any authority behind a private-use scheme (RFC 8252 §7): a sector of such a name would give
// them all the same subjects, so that it is the client itself.
func sectorOf(clientID, uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || oauth.IsLoopback(u.Hostname()) {
		return clientID
	}
	return u.Hostname()
}

// hostOf returns the host of a redirect URI.
func hostOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
