package rpc

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// Identity calls the identity service about users. It is usertoken.Directory and revocation.Users.
type Identity struct {
	Credentials    identityv1.CredentialServiceClient
	Directory      identityv1.DirectoryServiceClient
	Administration identityv1.AdministrationServiceClient
	Ended          identityv1.EndedSessionServiceClient
}

// VerifyPassword is usertoken.Directory.
func (p Identity) VerifyPassword(ctx context.Context, email string, password secret.String, source string) (usertoken.Holder, error) {
	res, err := p.Credentials.VerifyPassword(ctx, &identityv1.VerifyPasswordRequest{
		EmailAddress: email, Password: password.Reveal(), SourceAddress: source,
	})
	if err != nil {
		return usertoken.Holder{}, unverified(err)
	}
	return usertoken.Holder{UserID: res.GetUser().GetUserId(), DisplayName: res.GetUser().GetDisplayName()}, nil
}

// VerifyClientSecret is usertoken.Directory.
func (p Identity) VerifyClientSecret(ctx context.Context, email string, clientSecret secret.String, source string) (usertoken.Holder, error) {
	res, err := p.Credentials.VerifyClientSecret(ctx, &identityv1.VerifyClientSecretRequest{
		EmailAddress: email, ClientSecret: clientSecret.Reveal(), SourceAddress: source,
	})
	if err != nil {
		return usertoken.Holder{}, unverified(err)
	}
	return usertoken.Holder{
		UserID: res.GetUser().GetUserId(), DisplayName: res.GetUser().GetDisplayName(),
		AppID: res.GetAuthenticationAppId(), WorkspaceID: res.GetWorkspaceId(),
	}, nil
}

// unverified maps the error of a failed verification. An e-mail address that identity cannot parse
// is an invalid request.
func unverified(err error) error {
	switch oerr.Reason(err) { //nolint:exhaustive // the others are known to hidden
	case errorv1.Reason_REASON_INVALID_CREDENTIALS:
		return usertoken.ErrInvalidCredentials
	case errorv1.Reason_REASON_INVALID_REQUEST:
		return &usertoken.RequestError{Problems: []string{"emailAddress cannot be used"}}
	}
	return hidden("verifying a user", err, errorv1.Reason_REASON_RATE_LIMITED)
}

// VisibleUser is usertoken.Directory.
func (p Identity) VisibleUser(ctx context.Context, bearer introspect.Facts, email string) (usertoken.User, error) {
	res, err := p.Directory.GetVisibleUser(ctx, &identityv1.GetVisibleUserRequest{
		ActorUserId: bearer.UserID, OnlyWorkspaceId: bearer.WorkspaceID, EmailAddress: email,
	})
	switch oerr.Reason(err) { //nolint:exhaustive // the others are known to hidden
	case errorv1.Reason_REASON_NOT_FOUND, errorv1.Reason_REASON_INVALID_REQUEST:
		return usertoken.User{}, usertoken.ErrUnauthorized
	}
	if err != nil {
		return usertoken.User{}, hidden("reading a user", err)
	}
	u := res.GetUser()
	user := usertoken.User{
		Email: u.GetEmailAddress(), FirstName: u.GetFirstName(), LastName: u.GetLastName(), DisplayName: u.GetDisplayName(),
		Disabled: u.GetDisabled(), Workspaces: make([]usertoken.Workspace, len(res.GetWorkspaces())),
	}
	for i, w := range res.GetWorkspaces() {
		user.Workspaces[i] = usertoken.Workspace{ID: w.GetWorkspaceId(), Name: w.GetName(), Role: role(w.GetRole())}
	}
	return user, nil
}

func role(r identityv1.Role) string {
	if r == identityv1.Role_ROLE_ADMINISTRATOR {
		return "administrator"
	}
	return "member"
}

// hidden hides an error of identity from the caller, except unavailability, cancellation by the
// caller, and the reasons in shown.
func hidden(what string, err error, shown ...errorv1.Reason) error {
	reason := oerr.Reason(err)
	if status.Code(err) == codes.Canceled || slices.Contains(append(shown, errorv1.Reason_REASON_UNAVAILABLE), reason) {
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: identity returned %s: %s", what, reason, status.Convert(err).Message())
}

// DisableUser is revocation.Users.
func (p Identity) DisableUser(ctx context.Context, userID string) error {
	_, err := p.Administration.ApplyDisableUser(ctx, &identityv1.ApplyDisableUserRequest{UserId: userID})
	return oerr.Wrap("disabling a user", err)
}

// CheckPassword is revocation.Users. The identity service of release 0.1, which may handle the request
// during an upgrade, checks nothing: then the password is checked when it is set.
func (p Identity) CheckPassword(ctx context.Context, userID string, password secret.String) error {
	_, err := p.Administration.CheckPassword(ctx, &identityv1.CheckPasswordRequest{UserId: userID, Password: password.Reveal()})
	if status.Code(err) == codes.Unimplemented {
		return nil
	}
	return oerr.Wrap("checking a password", err)
}

// SetPassword is revocation.Users.
func (p Identity) SetPassword(ctx context.Context, userID string, password secret.String) error {
	_, err := p.Administration.ApplySetPassword(ctx, &identityv1.ApplySetPasswordRequest{UserId: userID, Password: password.Reveal()})
	return oerr.Wrap("setting a password", err)
}

// RemoveMember is revocation.Users.
func (p Identity) RemoveMember(ctx context.Context, userID, workspaceID string) error {
	_, err := p.Administration.ApplyRemoveMember(ctx, &identityv1.ApplyRemoveMemberRequest{UserId: userID, WorkspaceId: workspaceID})
	return oerr.Wrap("removing a member", err)
}

// RevokeAuthenticationApp is revocation.Users.
func (p Identity) RevokeAuthenticationApp(ctx context.Context, appID string) error {
	_, err := p.Administration.ApplyRevokeAuthenticationApp(ctx, &identityv1.ApplyRevokeAuthenticationAppRequest{AuthenticationAppId: appID})
	return oerr.Wrap("revoking an authentication app", err)
}

// SetWorkspacePlan is revocation.Users.
func (p Identity) SetWorkspacePlan(ctx context.Context, workspaceID, plan string) error {
	_, err := p.Administration.ApplySetWorkspacePlan(ctx, &identityv1.ApplySetWorkspacePlanRequest{WorkspaceId: workspaceID, Plan: plan})
	return oerr.Wrap("setting a workspace's plan", err)
}

// Unchanged reports whether an error of identity or authz says that nothing was changed.
// SESSION_REQUIRED is not among these: identity returns it where another request has changed the
// password meanwhile.
func Unchanged(err error) bool {
	switch oerr.Reason(err) { //nolint:exhaustive // the others do not say whether anything was changed
	case errorv1.Reason_REASON_INVALID_REQUEST, errorv1.Reason_REASON_INVALID_CREDENTIALS, errorv1.Reason_REASON_NOT_FOUND,
		errorv1.Reason_REASON_RATE_LIMITED:
		return true
	}
	return false
}
