package admin

import (
	"github.com/vidocu/usher/cmd/usher/internal/table"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
)

// securityFlags are the flags of commands that set what a client must do beyond RFC 6749.
type securityFlags struct {
	RequirePAR bool   `name:"require-par" xor:"par" help:"Refuse authorization requests that the client has not pushed (RFC 9126)."`
	DPoPBound  bool   `name:"dpop-bound" xor:"dpop" help:"Refuse token requests without a DPoP proof (RFC 9449)."`
	Profile    string `enum:",none,fapi2" default:"" help:"fapi2: the FAPI 2.0 Security Profile, with private_key_jwt, pushed requests, DPoP, codes of 60 seconds and refresh tokens that are not rotated; none ends a profile." placeholder:"PROFILE"`
}

// securityChanges are those that remove a requirement.
type securityChanges struct {
	securityFlags

	NoRequirePAR bool `name:"no-require-par" xor:"par" help:"Accept authorization requests that the client has not pushed."`
	NoDPoPBound  bool `name:"no-dpop-bound" xor:"dpop" help:"Accept token requests without a DPoP proof."`
}

// changed reports whether a flag was given.
func (s securityChanges) changed() bool {
	return s.RequirePAR || s.NoRequirePAR || s.DPoPBound || s.NoDPoPBound || s.Profile != ""
}

// set adds the changes to a request.
func (s securityChanges) set(req *authzv1.UpdateClientRequest) {
	if s.RequirePAR || s.NoRequirePAR {
		req.RequirePushedAuthorizationRequests = &s.RequirePAR
	}
	if s.DPoPBound || s.NoDPoPBound {
		req.DpopBoundAccessTokens = &s.DPoPBound
	}
	req.Profile = enumname.Parse[authzv1.Profile](s.Profile)
}

// addSecurityRows shows the requirements that a client has.
func addSecurityRows(t *table.Rows, r *authzv1.Registration) {
	if r.GetClient().GetProfile() == authzv1.Profile_PROFILE_FAPI2 {
		t.Add("PROFILE", "fapi2")
	}
	if r.GetRequirePushedAuthorizationRequests() {
		t.Add("PUSHED REQUESTS", "required")
	}
	if r.GetClient().GetDpopBoundAccessTokens() {
		t.Add("DPOP", "required")
	}
}
