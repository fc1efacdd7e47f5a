package rpc

import (
	"context"
	"errors"
	"log/slog"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/source"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/idtoken"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/usedfrom"
)

// Revoker revokes tokens. Both methods report whether a token was live; onlyClient, if not empty,
// limits them to tokens of that client.
type Revoker interface {
	RevokeAccess(ctx context.Context, token secret.Hash, onlyClient string) (bool, error)
	RevokeRefresh(ctx context.Context, token secret.Hash, onlyClient string) (bool, error)
}

// HintVerifier verifies ID tokens that come back to this server.
type HintVerifier interface {
	// Check returns idtoken.ErrInvalid for any other string.
	Check(ctx context.Context, text string) (idtoken.Hint, error)
}

// OAuth serves the token, revocation and introspection endpoints that clients call over HTTP.
type OAuth struct {
	tokenv1.UnsafeOAuthServiceServer

	Endpoint     *grant.Endpoint
	Authz        Authz
	Revoker      Revoker
	Introspector introspect.Introspector
	Issuer       string
	Proofs       ProofVerifier
	// Hints verifies the ID tokens of pushed requests; nil where OpenID Connect is off.
	Hints HintVerifier
	// Tokens counts; nil counts nothing.
	Tokens *TokenMetrics
	Logger *slog.Logger
	// Sources caches the source addresses of recently spent credentials.
	Sources *usedfrom.Recent
}

// IssueToken is RFC 6749 §3.2.
func (s *OAuth) IssueToken(ctx context.Context, req *tokenv1.IssueTokenRequest) (*tokenv1.IssueTokenResponse, error) {
	res, err := s.issue(ctx, req)
	switch {
	case err == nil:
		s.Tokens.Issued(req.GetGrantType())
		s.noteSource(ctx, req)
		return res, nil
	case errors.Is(err, grant.ErrCodeReplayed), errors.Is(err, grant.ErrRefreshTokenReused):
		s.Tokens.Reused(req.GetGrantType())
		s.warnOfReuse(ctx, req, err)
	}
	failure := toStatus(err)
	s.Tokens.Refused(req.GetGrantType(), oerr.Reason(failure))
	return nil, failure
}

func (s *OAuth) issue(ctx context.Context, req *tokenv1.IssueTokenRequest) (*tokenv1.IssueTokenResponse, error) {
	creds, err := credentials(ctx, req)
	if err != nil {
		return nil, err
	}
	proof, err := s.Proofs.Read(ctx, oauth.TokenPath)
	if err != nil {
		return nil, err
	}
	pair, err := s.Endpoint.Issue(ctx, grant.Request{
		GrantType:    req.GetGrantType(),
		Code:         secret.New(req.GetCode()),
		RedirectURI:  req.GetRedirectUri(),
		CodeVerifier: secret.New(req.GetCodeVerifier()),
		RefreshToken: secret.New(req.GetRefreshToken()),
		DeviceCode:   secret.New(req.GetDeviceCode()),
		Scope:        req.GetScope(),
		Resource:     req.GetResource(),
		Credentials:  creds,
		Proof:        proof,
		Source:       source.From(ctx),
	})
	if err != nil {
		return nil, err
	}
	return &tokenv1.IssueTokenResponse{
		AccessToken:  pair.Access.Reveal(),
		TokenType:    typeOfToken(pair.Key),
		ExpiresIn:    int32(pair.ExpiresIn / time.Second),
		RefreshToken: pair.Refresh.Reveal(),
		Scope:        pair.Scope,
		IdToken:      pair.IDToken.Reveal(),
	}, nil
}

// RevokeToken is RFC 7009. Possession of the token is sufficient; client credentials that are sent
// must be valid, and then only the client's own tokens are revoked. The hint is ignored: a token's
// format identifies its kind.
func (s *OAuth) RevokeToken(ctx context.Context, req *tokenv1.RevokeTokenRequest) (*tokenv1.RevokeTokenResponse, error) {
	creds, err := credentials(ctx, req)
	if err != nil {
		return nil, err
	}
	var onlyClient string
	if !creds.IsZero() {
		client, err := s.Authz.Client(ctx, creds, source.From(ctx))
		if err != nil {
			return nil, toStatus(err)
		}
		onlyClient = client.GetClientId()
	}
	if req.GetToken() == "" {
		return nil, missing("token")
	}
	err = s.revoke(ctx, req.GetToken(), onlyClient)
	return &tokenv1.RevokeTokenResponse{}, toStatus(err)
}

func (s *OAuth) revoke(ctx context.Context, token, onlyClient string) error {
	var err error
	switch enforce.KindOf(token) {
	case enforce.AccessToken:
		_, err = s.Revoker.RevokeAccess(ctx, secret.Sum(token), onlyClient)
	case enforce.RefreshToken:
		_, err = s.Revoker.RevokeRefresh(ctx, secret.Sum(token), onlyClient)
	}
	return err
}

// IntrospectClientToken is RFC 7662 for confidential clients.
func (s *OAuth) IntrospectClientToken(
	ctx context.Context, req *tokenv1.IntrospectClientTokenRequest,
) (*tokenv1.IntrospectClientTokenResponse, error) {
	creds, err := credentials(ctx, req)
	if err != nil {
		return nil, err
	}
	if !creds.Proves() {
		// The response must be the same for every client, registered or not.
		return nil, errNoSecret()
	}
	client, err := s.Authz.Client(ctx, creds, source.From(ctx))
	if err != nil {
		return nil, toStatus(err)
	}
	if client.GetType() != authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL {
		return nil, errNoSecret()
	}
	if req.GetToken() == "" {
		return nil, missing("token")
	}
	result, err := s.Introspector.ForClient(ctx, client.GetClientId(), client.GetResourceServer(), req.GetToken())
	if errors.Is(err, introspect.ErrInactive) {
		return &tokenv1.IntrospectClientTokenResponse{Active: new(bool)}, nil
	}
	if err != nil {
		return nil, toStatus(err)
	}
	res := clientResponse(result, s.Issuer)
	if own := result.ClientID == client.GetClientId() && !client.GetResourceServer(); own && result.Subject != "" {
		res.Sub, res.Username = result.Subject, result.Subject // the client must not learn the user's identifier
	}
	return res, nil
}

func errNoSecret() error {
	return oerr.Refuse(errorv1.Cause_CAUSE_INTROSPECTION_WITHOUT_SECRET, "Introspection needs a confidential client",
		oerr.WithField("client_secret")) // the message of an error with a field reaches the caller
}

// typeOfToken returns the token_type of an access token by the key that it is bound to.
func typeOfToken(key string) string {
	if key != "" {
		return "DPoP"
	}
	return tokenType
}

// confirmation returns the cnf of a token; nil for one that is not bound.
func confirmation(key string) *tokenv1.Confirmation {
	if key == "" {
		return nil
	}
	return &tokenv1.Confirmation{Jkt: key}
}

func clientResponse(a introspect.Facts, issuer string) *tokenv1.IntrospectClientTokenResponse {
	active := true
	res := &tokenv1.IntrospectClientTokenResponse{
		Active:      &active,
		Scope:       a.Scope,
		ClientId:    a.ClientID,
		Sub:         a.UserID,
		Username:    a.UserID,
		Name:        a.DisplayName,
		TokenType:   typeOfToken(a.Thumbprint),
		Exp:         uint32(a.ExpiresAt.Unix()),
		Iat:         uint32(a.IssuedAt.Unix()),
		Iss:         issuer,
		WorkspaceId: a.WorkspaceID,
		Aud:         a.Resources,
		TokenKind:   tokenKindOf(a.Kind),
		Cnf:         confirmation(a.Thumbprint),
	}
	if a.Kind == enforce.RefreshToken {
		res.TokenType = ""
	}
	return res
}
