package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/device"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/telemetry"
	"github.com/vidocu/usher/services/identity/internal/attempt"
	"github.com/vidocu/usher/services/identity/internal/credential"
	"github.com/vidocu/usher/services/identity/internal/session"
)

// Sessions serves the services that handle browsers.
type Sessions struct {
	identityv1.UnsafeSessionServiceServer

	Verifier credential.Verifier
	Store    *session.Store
	Accounts Accounts
	// SignIns counts sign-ins; nil counts none.
	SignIns *telemetry.SignIns
}

// AuthenticateUser signs a user in. It returns INVALID_REQUEST for an empty field,
// INVALID_CREDENTIALS for a wrong address or password, and RATE_LIMITED after too many attempts.
func (s *Sessions) AuthenticateUser(
	ctx context.Context, req *identityv1.AuthenticateUserRequest,
) (res *identityv1.AuthenticateUserResponse, err error) {
	defer func() { s.SignIns.Count(telemetry.MethodBrowser, err != nil, oerr.Reason(err)) }()
	if err := required([2]string{"email_address", req.GetEmailAddress()}, [2]string{"password", req.GetPassword()}); err != nil {
		return nil, err
	}
	try := attempt.Try{Typed: req.GetEmailAddress(), Source: req.GetSourceAddress()}
	user, err := s.Verifier.VerifyPassword(ctx, try, secret.New(req.GetPassword()))
	if err != nil {
		return nil, toStatus(err)
	}
	token, started, err := s.Store.Begin(ctx, user, secret.New(req.GetPreviousSessionToken()),
		device.New(req.GetUserAgent(), req.GetSourceAddress()))
	if err != nil {
		return nil, toStatus(err)
	}
	return &identityv1.AuthenticateUserResponse{SessionToken: token.Reveal(), Session: toSession(started)}, nil
}

// GetSession returns the session of a browser, with its user's workspaces if requested. It returns
// SESSION_REQUIRED for an empty or invalid value.
func (s *Sessions) GetSession(ctx context.Context, req *identityv1.GetSessionRequest) (*identityv1.GetSessionResponse, error) {
	get := s.Store.Get
	if req.GetIncludeWorkspaces() {
		get = s.Store.GetWithWorkspaces
	}
	found, err := get(ctx, secret.New(req.GetSessionToken()))
	if err != nil {
		return nil, toStatus(err)
	}
	res := &identityv1.GetSessionResponse{Session: toSession(found)}
	if req.GetIncludeWorkspaces() {
		res.Workspaces = &identityv1.WorkspaceList{Workspaces: convert.Each(found.Workspaces, toMembership)}
	}
	return res, nil
}

// EndSession signs a browser out.
func (s *Sessions) EndSession(ctx context.Context, req *identityv1.EndSessionRequest) (*identityv1.EndSessionResponse, error) {
	err := s.Store.End(ctx, secret.New(req.GetSessionToken()), device.New(req.GetUserAgent(), req.GetSourceAddress()))
	return &identityv1.EndSessionResponse{}, toStatus(err)
}

func toSession(s session.Session) *identityv1.Session {
	return &identityv1.Session{
		UserId:       s.User.ID,
		DisplayName:  s.User.DisplayName,
		EmailAddress: string(s.User.EmailAddress),
		ExpireTime:   timestamppb.New(s.ExpiresAt),

		AuthenticateTime: convert.TimeToProto(s.AuthenticatedAt),

		Language: s.User.Language, TimeZone: s.User.TimeZone,
	}
}
