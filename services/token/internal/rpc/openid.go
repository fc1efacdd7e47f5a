package rpc

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/protobuf/proto"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/idtoken"
	"github.com/vidocu/usher/services/token/internal/introspect"
)

// SigningKeys are the keys that sign ID tokens.
type SigningKeys interface {
	// Published returns those that verifiers see.
	Published() []jose.Key
}

// OpenID serves OpenID Connect to the gateway. Its zero value is one that is off.
type OpenID struct {
	tokenv1.UnsafeOpenIDServiceServer

	// Keys is nil where OpenID Connect is off.
	Keys         SigningKeys
	IDTokens     idtoken.Issuer
	Introspector introspect.Introspector
	Directory    identityv1.DirectoryServiceClient
	// EmailVerified is the claim email_verified.
	EmailVerified bool
}

func errOpenIDOff() error {
	return oerr.New(errorv1.Reason_REASON_NOT_FOUND, "OpenID Connect is off")
}

// GetKeys returns the public keys.
func (s *OpenID) GetKeys(context.Context, *tokenv1.GetKeysRequest) (*tokenv1.GetKeysResponse, error) {
	if s.Keys == nil {
		return nil, errOpenIDOff()
	}
	res := &tokenv1.GetKeysResponse{}
	for _, key := range s.Keys.Published() {
		text, err := key.JSON()
		if err != nil {
			return nil, err
		}
		res.Keys = append(res.Keys, string(text))
	}
	return res, nil
}

// CheckIdTokenHint verifies an ID token of this server.
func (s *OpenID) CheckIdTokenHint(ctx context.Context, req *tokenv1.CheckIdTokenHintRequest) (*tokenv1.CheckIdTokenHintResponse, error) {
	if s.Keys == nil {
		return nil, errOpenIDOff()
	}
	hint, err := s.IDTokens.Check(ctx, req.GetIdTokenHint())
	if errors.Is(err, idtoken.ErrInvalid) {
		return nil, oerr.Refuse(errorv1.Cause_CAUSE_ID_TOKEN_HINT_INVALID, err.Error(), oerr.WithField("id_token_hint"))
	}
	if err != nil {
		return nil, toStatus(err)
	}
	return &tokenv1.CheckIdTokenHintResponse{ClientId: hint.ClientID, UserId: hint.UserID, SessionId: hint.SessionID}, nil
}

// GetUserInfo returns the claims about the user of an access token that its scope allows; of a token that the
// caller has to refuse none, and what it is for.
func (s *OpenID) GetUserInfo(ctx context.Context, req *tokenv1.GetUserInfoRequest) (*tokenv1.GetUserInfoResponse, error) {
	if s.Keys == nil {
		return nil, errOpenIDOff()
	}
	if enforce.KindOf(req.GetAccessToken()) != enforce.AccessToken {
		return nil, errTokenInactive()
	}
	facts, err := s.Introspector.Bearer(ctx, req.GetAccessToken(), 0)
	if errors.Is(err, introspect.ErrInactive) || err == nil && facts.Kind != enforce.AccessToken {
		return nil, errTokenInactive()
	}
	if err != nil {
		return nil, toStatus(err)
	}
	res := &tokenv1.GetUserInfoResponse{DpopJkt: facts.Thumbprint, ClientId: facts.ClientID}
	scope, err := oauth.ParseScope(facts.Scope)
	if err != nil || !scope.Contains(oauth.OpenIDScope) || !s.serves(facts.Resources) {
		res.Scopes, res.Audience = scope, facts.Resources
		return res, nil
	}
	res.Sub = grant.Identity{UserID: facts.UserID, Subject: facts.Subject}.Sub()
	if !scope.Contains("profile") && !scope.Contains("email") {
		return res, nil
	}
	found, err := s.Directory.GetUser(ctx, &identityv1.GetUserRequest{UserId: facts.UserID})
	if oerr.Reason(err) == errorv1.Reason_REASON_NOT_FOUND {
		return nil, errTokenInactive() // the user was disabled at this moment
	}
	if err != nil {
		return nil, hidden("reading a user", err)
	}
	s.addClaims(res, scope, found)
	return res, nil
}

// serves reports whether a token with the resources may be used at UserInfo, which is part of the default
// resource (RFC 8707 §3): an API of someone else that got a token does not read with it who the user is.
func (s *OpenID) serves(resources oauth.Resources) bool {
	catalog := s.Introspector.Resources
	return catalog == nil || slices.ContainsFunc(catalog.DefaultResource(), resources.Contains)
}

// addClaims adds the claims of OpenID Connect Core §5.4 that are known.
func (s *OpenID) addClaims(res *tokenv1.GetUserInfoResponse, scope oauth.Scope, found *identityv1.GetUserResponse) {
	user := found.GetUser()
	if scope.Contains("profile") {
		res.Name, res.GivenName, res.FamilyName = user.GetDisplayName(), user.GetFirstName(), user.GetLastName()
		res.Locale, res.Zoneinfo = found.GetLanguage(), found.GetTimeZone()
	}
	if scope.Contains("email") && user.GetEmailAddress() != "" {
		res.Email, res.EmailVerified = user.GetEmailAddress(), proto.Bool(s.EmailVerified)
	}
}

func errTokenInactive() error {
	return oerr.New(errorv1.Reason_REASON_INVALID_ACCESS_TOKEN, "the access token is not active")
}
