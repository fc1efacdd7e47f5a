package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/telemetry"
	"github.com/vidocu/usher/services/identity/internal/attempt"
	"github.com/vidocu/usher/services/identity/internal/credential"
	"github.com/vidocu/usher/services/identity/internal/session"
)

// Sessions serves whoever deals with browsers.
type Sessions struct {
	identityv1.UnsafeSessionServiceServer

	Doors credential.Doors
	Book  *session.Book
	// SignIns counts; nil counts nothing.
	SignIns *telemetry.SignIns
}

// AuthenticateUser signs a person in. INVALID_REQUEST when a field was left empty, INVALID_CREDENTIALS when the two do not
// belong together, RATE_LIMITED when too many attempts were made before.
func (s *Sessions) AuthenticateUser(
	ctx context.Context, req *identityv1.AuthenticateUserRequest,
) (res *identityv1.AuthenticateUserResponse, err error) {
	defer func() { s.SignIns.Count(telemetry.MethodBrowser, err != nil, oerr.Reason(err)) }()
	if err := required([2]string{"email_address", req.GetEmailAddress()}, [2]string{"password", req.GetPassword()}); err != nil {
		return nil, err
	}
	try := attempt.Try{Typed: req.GetEmailAddress(), Source: req.GetSourceAddress()}
	user, err := s.Doors.Password(ctx, try, secret.New(req.GetPassword()))
	if err != nil {
		return nil, fail(err)
	}
	token, begun, err := s.Book.Begin(ctx, user, secret.New(req.GetPreviousSessionToken()))
	if err != nil {
		return nil, fail(err)
	}
	return &identityv1.AuthenticateUserResponse{SessionToken: token.Reveal(), Session: toSession(begun)}, nil
}

// GetSession returns the session of a browser, with its user's workspaces where they are asked for. A browser without a value is not
// signed in: SESSION_REQUIRED.
func (s *Sessions) GetSession(ctx context.Context, req *identityv1.GetSessionRequest) (*identityv1.GetSessionResponse, error) {
	find := s.Book.Find
	if req.GetIncludeWorkspaces() {
		find = s.Book.FindWithWorkspaces
	}
	found, err := find(ctx, secret.New(req.GetSessionToken()))
	if err != nil {
		return nil, fail(err)
	}
	res := &identityv1.GetSessionResponse{Session: toSession(found)}
	if req.GetIncludeWorkspaces() {
		res.Workspaces = &identityv1.WorkspaceList{Workspaces: each(found.Workspaces, toMembership)}
	}
	return res, nil
}

// EndSession signs a browser out.
func (s *Sessions) EndSession(ctx context.Context, req *identityv1.EndSessionRequest) (*identityv1.EndSessionResponse, error) {
	if err := s.Book.End(ctx, secret.New(req.GetSessionToken())); err != nil {
		return nil, fail(err)
	}
	return &identityv1.EndSessionResponse{}, nil
}

func toSession(s session.Session) *identityv1.Session {
	return &identityv1.Session{
		UserId:       s.User.ID,
		DisplayName:  s.User.DisplayName,
		EmailAddress: string(s.User.EmailAddress),
		ExpireTime:   timestamppb.New(s.ExpiresAt),

		AuthenticateTime: toTime(s.AuthenticatedAt),
	}
}
