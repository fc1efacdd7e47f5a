package usertoken

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/device"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/userfield"
	"github.com/vidocu/usher/services/token/internal/introspect"
)

// Verified is an authenticated user and the proof.
type Verified struct {
	Holder
	Proof Proof
}

// User is a user as the bearer of a token may see it.
type User struct {
	Email, FirstName, LastName, DisplayName string
	Disabled                                bool
	// Workspaces are those that the bearer may see.
	Workspaces []Workspace
}

// Workspace is a membership.
type Workspace struct{ ID, Name, Role string }

// Directory verifies proofs and reads users in identity. Its errors are ErrInvalidCredentials,
// ErrUnauthorized, a *RequestError, or one that passes through a Service: too many attempts, or
// identity is unavailable.
type Directory interface {
	VerifyPassword(ctx context.Context, email string, password secret.String, source string) (Holder, error)
	VerifyClientSecret(ctx context.Context, email string, clientSecret secret.String, source string) (Holder, error)
	// VisibleUser returns the user of an address as the bearer of a token may see it: a token that is
	// valid in one workspace shows only that one.
	VisibleUser(ctx context.Context, bearer introspect.Facts, email string) (User, error)
}

// Service authenticates users, and refreshes, revokes and resolves their tokens. Its methods may be
// called concurrently.
type Service struct {
	Directory Directory
	Store     Store
	Log       Log
	Lifetime  time.Duration
}

// Authenticate verifies a proof and issues a token. It reads the end of the revocation log before
// it verifies the proof, and writes the token only if no revocation of its holder came after: so no
// token is issued for a proof that was revoked meanwhile. The errors are a *RequestError,
// ErrInvalidCredentials and those of Directory.
func (s Service) Authenticate(ctx context.Context, a Attempt) (secret.String, Verified, error) {
	proof, err := a.proof()
	if err != nil {
		return secret.String{}, Verified{}, err
	}
	since, err := s.Log.Cursor(ctx)
	if err != nil {
		return secret.String{}, Verified{}, err
	}
	holder, err := s.verify(ctx, proof, a)
	if err != nil {
		return secret.String{}, Verified{}, err
	}
	token := secret.NewUserToken()
	err = s.Store.IssueUserToken(ctx, Issue{
		Token: secret.Sum(token.Reveal()), Holder: holder, Lifetime: s.Lifetime, Since: since, Device: device.New(a.UserAgent, a.Source),
	})
	if errors.Is(err, ErrRevokedMeanwhile) {
		err = ErrInvalidCredentials // the proof is not valid any more
	}
	if err != nil {
		return secret.String{}, Verified{}, err
	}
	return token, Verified{Holder: holder, Proof: proof}, nil
}

func (s Service) verify(ctx context.Context, proof Proof, a Attempt) (Holder, error) {
	if proof == ByPassword {
		return s.Directory.VerifyPassword(ctx, a.Email, *a.Password, a.Source)
	}
	return s.Directory.VerifyClientSecret(ctx, a.Email, *a.ClientSecret, a.Source)
}

// Refresh replaces a token, live or expired for less than KeptPastTime, by one for the same holder.
// It does not call identity: every operation that revokes access has revoked the token. ErrUnknown,
// ErrExpired.
func (s Service) Refresh(ctx context.Context, token string) (secret.String, error) {
	if !secret.ValidUserToken(token) {
		return secret.String{}, errMalformed()
	}
	next := secret.NewUserToken()
	_, err := s.Store.RefreshUserToken(ctx, Refresh{
		Predecessor: secret.Sum(token), Successor: secret.Sum(next.Reveal()), Lifetime: s.Lifetime,
	})
	if err != nil {
		return secret.String{}, err
	}
	return next, nil
}

// Logout revokes a token. ErrUnknown, ErrExpired; it revokes an expired token too, so that it is
// not refreshed.
func (s Service) Logout(ctx context.Context, token string) error {
	if !secret.ValidUserToken(token) {
		return errMalformed()
	}
	return s.Store.LogoutUserToken(ctx, secret.Sum(token))
}

// User returns a user as the bearer of a token may see it. ErrUnknown, ErrExpired, ErrUnauthorized,
// and a *RequestError for an invalid e-mail address.
func (s Service) User(ctx context.Context, token, email string) (User, error) {
	if !secret.ValidUserToken(token) {
		return User{}, errMalformed()
	}
	bearer, err := s.Store.ValidateUserToken(ctx, secret.Sum(token))
	if err != nil {
		return User{}, err
	}
	if problem := userfield.EmailProblem(email); problem != "" {
		return User{}, &RequestError{Problems: []string{userfield.EmailAddress + " " + problem}}
	}
	return s.Directory.VisibleUser(ctx, bearer, email)
}

// errMalformed refuses a string without the format of a user token.
func errMalformed() error { return cause.With(ErrUnknown, cause.UserTokenMissing) }
