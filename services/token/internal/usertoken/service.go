package usertoken

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Verified is who proved themselves, and by what.
type Verified struct {
	Holder
	Proof Proof
}

// User is what a bearer may see of somebody.
type User struct {
	Email, FirstName, LastName, DisplayName string
	Disabled                                bool
	// Workspaces are those that the bearer may see.
	Workspaces []Workspace
}

// Workspace is a membership.
type Workspace struct{ ID, Name, Role string }

// Question is who asks about whom.
type VisibleUserQuery struct {
	ActorID string
	// OnlyWorkspaceID, if not empty, is the only workspace that the actor may speak for.
	OnlyWorkspaceID string
	Email           string
}

// People is what identity knows. Its failures are ErrInvalidCredentials, ErrUnauthorized, a
// *RequestError, or one that passes through a Desk: too many attempts, and identity that cannot be
// asked.
type Directory interface {
	VerifyPassword(ctx context.Context, email string, password secret.String, source string) (Holder, error)
	VerifyClientSecret(ctx context.Context, email string, clientSecret secret.String, source string) (Holder, error)
	VisibleUser(ctx context.Context, q VisibleUserQuery) (User, error)
}

// Desk authenticates people, and refreshes, ends and resolves their tokens. Its methods may be
// called concurrently.
type Service struct {
	Directory Directory
	Store     Store
	Lifetime  time.Duration
}

// Authenticate checks a proof and issues a token. The end of the revocation log is read before the
// proof is checked, and the token is written only if nothing of its holder ended since: so no token
// comes of a proof that was overtaken. The failures are a *RequestError, ErrInvalidCredentials and
// those of People.
func (d Service) Authenticate(ctx context.Context, a Attempt) (secret.String, Verified, error) {
	proof, err := a.proof()
	if err != nil {
		return secret.String{}, Verified{}, err
	}
	since, err := d.Store.Cursor(ctx)
	if err != nil {
		return secret.String{}, Verified{}, err
	}
	holder, err := d.verify(ctx, proof, a)
	if err != nil {
		return secret.String{}, Verified{}, err
	}
	token := secret.NewUserToken()
	err = d.Store.IssueUserToken(ctx, Issue{Token: secret.Sum(token.Reveal()), Holder: holder, Lifetime: d.Lifetime, Since: since})
	if errors.Is(err, ErrRevokedMeanwhile) {
		err = ErrInvalidCredentials // what was proved does not hold any more
	}
	if err != nil {
		return secret.String{}, Verified{}, err
	}
	return token, Verified{Holder: holder, Proof: proof}, nil
}

func (d Service) verify(ctx context.Context, proof Proof, a Attempt) (Holder, error) {
	if proof == ByPassword {
		return d.Directory.VerifyPassword(ctx, a.Email, *a.Password, a.Source)
	}
	return d.Directory.VerifyClientSecret(ctx, a.Email, *a.ClientSecret, a.Source)
}

// Refresh replaces a token, live or past its time by less than KeptPastTime, by one for the same
// holder. Nothing is asked anew: whatever takes access away has ended the token. ErrUnknown,
// ErrExpired.
func (d Service) Refresh(ctx context.Context, token string) (secret.String, error) {
	if !secret.ValidUserToken(token) {
		return secret.String{}, errMalformed()
	}
	next := secret.NewUserToken()
	_, err := d.Store.RefreshUserToken(ctx, Refresh{
		Predecessor: secret.Sum(token), Successor: secret.Sum(next.Reveal()), Lifetime: d.Lifetime,
	})
	if err != nil {
		return secret.String{}, err
	}
	return next, nil
}

// Logout ends a token for good. ErrUnknown, ErrExpired; a token that was past its time ends
// nevertheless, so that it is not refreshed.
func (d Service) Logout(ctx context.Context, token string) error {
	if !secret.ValidUserToken(token) {
		return errMalformed()
	}
	return d.Store.LogoutUserToken(ctx, secret.Sum(token))
}

// User reads somebody as the bearer of a token may see them. ErrUnknown, ErrExpired,
// ErrUnauthorized, and a *RequestError for an address that cannot be one.
func (d Service) User(ctx context.Context, token, email string) (User, error) {
	if !secret.ValidUserToken(token) {
		return User{}, errMalformed()
	}
	facts, err := d.Store.ValidateUserToken(ctx, secret.Sum(token))
	if err != nil {
		return User{}, err
	}
	if problem := unusable(email, maxEmail); problem != "" {
		return User{}, &RequestError{Problems: []string{fieldEmail + " " + problem}}
	}
	return d.Directory.VisibleUser(ctx, VisibleUserQuery{ActorID: facts.UserID, OnlyWorkspaceID: facts.WorkspaceID, Email: email})
}

// noToken refuses what cannot be a user token.
func errMalformed() error { return cause.With(ErrUnknown, cause.UserTokenMissing) }
