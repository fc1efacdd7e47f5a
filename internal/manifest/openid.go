package manifest

import (
	"cmp"
	"strconv"
	"strings"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// openID returns the members about OpenID Connect.
func (c *Client) openID(have *authzv1.Registration) []member {
	return []member{
		{
			name: "id_token_signed_response_alg", registered: cmp.Or(have.GetClient().GetIdTokenSignedResponseAlg(), oauth.IDTokenAlgorithms()[0]), wanted: c.IDTokenAlg,
			set: func(r *authzv1.UpdateClientRequest) { r.IdTokenSignedResponseAlg = c.IDTokenAlg },
		},
		{
			name: "subject_type", registered: cmp.Or(enumname.Of(have.GetSubjectType()), subjectPublic), wanted: c.SubjectType,
			never: "every user would have another subject; register another client",
		},
		{
			name: "post_logout_redirect_uris", registered: strings.Join(have.GetPostLogoutRedirectUris(), " "), wanted: strings.Join(c.PostLogoutRedirectURIs, " "),
			set: func(r *authzv1.UpdateClientRequest) {
				r.PostLogoutRedirectUris, r.ClearPostLogoutRedirectUris = c.PostLogoutRedirectURIs, len(c.PostLogoutRedirectURIs) == 0
			},
		},
		{
			name: "backchannel_logout_uri", registered: have.GetClient().GetBackchannelLogoutUri(), wanted: c.LogoutURI,
			set: func(r *authzv1.UpdateClientRequest) { r.BackchannelLogoutUri = &c.LogoutURI },
		},
		{
			name: "backchannel_logout_session_required", registered: strconv.FormatBool(have.GetClient().GetBackchannelLogoutSessionRequired()),
			wanted: strconv.FormatBool(c.LogoutSessionRequired),
			set:    func(r *authzv1.UpdateClientRequest) { r.BackchannelLogoutSessionRequired = &c.LogoutSessionRequired },
		},
	}
}

// usualAlgorithm returns the algorithm of the ID tokens of a client of a profile that registers none.
func usualAlgorithm(profile string) string {
	if profile == profileFAPI2 {
		return oauth.FAPI2IDTokenAlgorithm("")
	}
	return oauth.IDTokenAlgorithms()[0]
}
