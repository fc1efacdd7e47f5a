package convert

import (
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// AppIdentityToProto returns the message of a client's identity.
func AppIdentityToProto(a oauth.AppIdentity) *authzv1.AppIdentity {
	return &authzv1.AppIdentity{
		Publisher: a.Publisher, Purpose: a.Purpose, ClientUri: a.ClientURI, PolicyUri: a.PolicyURI, TosUri: a.TermsURI, Logo: a.Logo,
		Verified: a.Verified, SelfRegistered: a.SelfRegistered,
	}
}

// AppIdentityFromProto returns the identity of a message; nil for no message.
func AppIdentityFromProto(m *authzv1.AppIdentity) *oauth.AppIdentity {
	if m == nil {
		return nil
	}
	return &oauth.AppIdentity{
		Publisher: m.GetPublisher(), Purpose: m.GetPurpose(), ClientURI: m.GetClientUri(), PolicyURI: m.GetPolicyUri(), TermsURI: m.GetTosUri(),
		Logo: m.GetLogo(), Verified: m.GetVerified(), SelfRegistered: m.GetSelfRegistered(),
	}
}
