package manifest

import (
	"bytes"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// Format returns the manifest of one registration: Parse reads it, and Update then has no difference to the
// registration. Defaults are left out.
func Format(have *authzv1.Registration) ([]byte, error) {
	c := have.GetClient()
	one := Client{
		ID: c.GetClientId(), Name: c.GetName(), RedirectURIs: have.GetRedirectUris(), Scopes: have.GetScopes(), DefaultScopes: have.GetDefaultScopes(),
		GrantTypes: c.GetGrantTypes(), Workspace: c.GetWorkspaceId(), ApplicationType: enumname.Of(have.GetApplicationType()),
		ResourceServer: c.GetResourceServer(), Unverified: have.GetUnverified(), Publisher: have.GetIdentity().GetPublisher(),
		Purpose: have.GetIdentity().GetPurpose(), ClientURI: have.GetIdentity().GetClientUri(), PolicyURI: have.GetIdentity().GetPolicyUri(),
		TosURI: have.GetIdentity().GetTosUri(), OptionalScopes: have.GetOptionalScopes(), PostLogoutRedirectURIs: have.GetPostLogoutRedirectUris(),
		LogoutURI: c.GetBackchannelLogoutUri(), LogoutSessionRequired: c.GetBackchannelLogoutSessionRequired(),
		RequirePAR: have.GetRequirePushedAuthorizationRequests(), DPoPBound: c.GetDpopBoundAccessTokens(),
	}
	for _, member := range []struct {
		to             *string
		value, usually string
	}{
		{&one.Type, enumname.Of(c.GetType()), ""},
		{&one.Reuse, enumname.Of(c.GetReuse()), string(oauth.ReuseSubject)},
		{&one.IDTokenAlg, c.GetIdTokenSignedResponseAlg(), usualAlgorithm(enumname.Of(c.GetProfile()))},
		{&one.SubjectType, enumname.Of(have.GetSubjectType()), subjectPublic},
		{&one.Profile, enumname.Of(c.GetProfile()), noProfile},
	} {
		if member.value != member.usually {
			*member.to = member.value
		}
	}
	if c.RefreshRetrySeconds != nil { //nolint:protogetter // absent is not 0
		retry := time.Duration(c.GetRefreshRetrySeconds()) * time.Second
		one.RefreshRetry = &retry
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(map[string][]Client{"clients": {one}}); err != nil {
		return nil, fmt.Errorf("writing a manifest: %w", err)
	}
	return out.Bytes(), encoder.Close()
}
