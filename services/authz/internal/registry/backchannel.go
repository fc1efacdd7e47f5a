package registry

import (
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// BackChannelChange is a change of where a client gets logout tokens. A nil field stays unchanged, and an
// empty URI is removed.
type BackChannelChange struct {
	LogoutURI             *string
	LogoutSessionRequired *bool
}

// checkBackChannel refuses an address that this server does not send requests to: the rules are those of
// a client's keys.
func (d Clients) checkBackChannel(b client.BackChannelLogout) error {
	if b.LogoutURI == "" {
		return nil
	}
	if err := d.CheckURL(b.LogoutURI); err != nil {
		return oauth.InvalidField("backchannel_logout_uri", "cannot be used: "+err.Error())
	}
	return nil
}
