package admin

import (
	"github.com/vidocu/usher/cmd/usher/internal/table"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
)

// openIDFlags are the flags about OpenID Connect of commands that register or change a client.
type openIDFlags struct {
	IDTokenAlg     string   `name:"id-token-alg" enum:",RS256,ES256" default:"" help:"The algorithm of the client's ID tokens: RS256 (unless given) or ES256 (with --profile fapi2)." placeholder:"ALG"`
	PostLogoutURIs []string `name:"post-logout-redirect-uri" help:"Where the browser may go after a logout that the client starts; repeat the flag for more." placeholder:"URI" sep:"none"`
	LogoutURI      *string  `name:"backchannel-logout-uri" help:"Where the client gets a logout token when a session ends: https; empty removes it." placeholder:"URI"`
	LogoutSession  *bool    `name:"backchannel-logout-session-required" negatable:"" help:"Each of its logout tokens must name the session."`
}

// given reports whether a flag was given.
func (o openIDFlags) given() bool {
	return o.IDTokenAlg != "" || len(o.PostLogoutURIs) > 0 || o.LogoutURI != nil || o.LogoutSession != nil
}

// addOpenIDRows shows what is registered for OpenID Connect, where it is not the default.
func addOpenIDRows(t *table.Rows, r *authzv1.Registration) {
	if sector := r.GetClient().GetSectorIdentifier(); sector != "" {
		t.Add("SUBJECTS", "pairwise for "+sector)
	}
	t.AddGiven("ID TOKENS", r.GetClient().GetIdTokenSignedResponseAlg())
	for _, uri := range r.GetPostLogoutRedirectUris() {
		t.Add("POST-LOGOUT URI", uri)
	}
	if uri := r.GetClient().GetBackchannelLogoutUri(); uri != "" {
		if r.GetClient().GetBackchannelLogoutSessionRequired() {
			uri += " (each names the session)"
		}
		t.Add("LOGOUT TOKENS", uri)
	}
}

// value returns what a pointer points to; the zero value for nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
