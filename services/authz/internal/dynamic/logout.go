package dynamic

import (
	"fmt"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// setLogout sets where a client gets logout tokens, and where the browser may be sent after a logout that
// it starts. A client that anyone can register must not choose what this server connects to: without an
// initial access token it gets no logout tokens, which the response says (RFC 7591 §3.2.1).
func (r Rules) setLogout(c *Client) error {
	m := &c.Metadata
	if !c.Privilege.Token || m.LogoutURI == "" {
		m.LogoutURI, m.LogoutSessionRequired = "", false
	}
	if m.LogoutURI != "" {
		if err := r.CheckURL(m.LogoutURI); err != nil {
			return refuse("backchannel_logout_uri", "cannot be used: "+err.Error())
		}
	}
	const member = "post_logout_redirect_uris"
	if len(m.PostLogoutURIs) > maxRedirectURIs {
		return refuse(member, fmt.Sprintf("must be at most %d", maxRedirectURIs))
	}
	for i, uri := range m.PostLogoutURIs {
		if err := oauth.CheckRedirectURI(uri, r.PrivateUseSchemes); err != nil {
			return refuse(member, fmt.Sprintf("[%d]%s cannot be registered: %s", i, schemeOf(uri), err))
		}
	}
	c.RestoreLogout()
	return nil
}
