package rpc

import (
	"context"
	"math"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/device"
	"github.com/vidocu/usher/internal/platform/paging"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/accountevent"
	"github.com/vidocu/usher/services/identity/internal/profile"
)

// Accounts is the part of the store with what users see and change in their own accounts.
type Accounts interface {
	// UpdateProfile replaces a user's profile, in a browser. It returns account.ErrUnknown.
	UpdateProfile(ctx context.Context, userID string, p account.Profile, on device.Device) error
	// ListEvents returns a page of a user's events, the newest first.
	ListEvents(ctx context.Context, q accountevent.Query) ([]accountevent.Event, error)
}

// GetProfile returns the profile of the user who has a session.
func (s *Sessions) GetProfile(ctx context.Context, req *identityv1.GetProfileRequest) (*identityv1.GetProfileResponse, error) {
	found, err := s.Store.Get(ctx, secret.New(req.GetSessionToken()))
	if err != nil {
		return nil, toStatus(err)
	}
	p := found.User.Profile()
	return &identityv1.GetProfileResponse{Session: toSession(found), Profile: &identityv1.Profile{
		FirstName: p.FirstName, LastName: p.LastName, DisplayName: p.DisplayName, Language: p.Language, TimeZone: p.TimeZone,
	}}, nil
}

// UpdateProfile replaces the profile of the user who has a session.
func (s *Sessions) UpdateProfile(ctx context.Context, req *identityv1.UpdateProfileRequest) (*identityv1.UpdateProfileResponse, error) {
	found, err := s.Store.Get(ctx, secret.New(req.GetSessionToken()))
	if err != nil {
		return nil, toStatus(err)
	}
	from := req.GetProfile()
	p, err := profile.Validate(account.Profile{
		FirstName: from.GetFirstName(), LastName: from.GetLastName(), DisplayName: from.GetDisplayName(),
		Language: from.GetLanguage(), TimeZone: from.GetTimeZone(),
	})
	if err != nil {
		return nil, toStatus(err)
	}
	on := device.New(req.GetUserAgent(), req.GetSourceAddress())
	err = s.Accounts.UpdateProfile(ctx, found.User.ID, p, on)
	return &identityv1.UpdateProfileResponse{}, toStatus(err)
}

// ListAccountEvents returns a page of the events of the user who has a session.
func (s *Sessions) ListAccountEvents(
	ctx context.Context, req *identityv1.ListAccountEventsRequest,
) (*identityv1.ListAccountEventsResponse, error) {
	found, err := s.Store.Get(ctx, secret.New(req.GetSessionToken()))
	if err != nil {
		return nil, toStatus(err)
	}
	p, err := paging.Of(req, 2)
	if err != nil {
		return nil, err
	}
	query := accountevent.Query{UserID: found.User.ID, Limit: p.Size + 1}
	if query.Before, query.BeforeKind, err = parseAfter(p); err != nil {
		return nil, err
	}
	list, err := s.Accounts.ListEvents(ctx, query)
	if err != nil {
		return nil, toStatus(err)
	}
	list, next := paging.Cut(list, p.Size, func(e accountevent.Event) []string {
		return []string{paging.FormatTime(e.At), paging.FormatNumber(int64(e.Kind))}
	})
	return &identityv1.ListAccountEventsResponse{Session: toSession(found), Events: convert.Each(list, toEvent), NextPageToken: next}, nil
}

// parseAfter returns the time and the kind of the last event of the previous page; zero values for the
// first page.
func parseAfter(p paging.Page) (time.Time, accountevent.Kind, error) {
	at, err := p.Time(0)
	if err != nil {
		return time.Time{}, 0, err
	}
	kind, err := p.Number(1)
	if err == nil && (kind < math.MinInt16 || kind > math.MaxInt16) {
		err = paging.InvalidToken()
	}
	return at, accountevent.Kind(kind), err
}

func toEvent(e accountevent.Event) *identityv1.AccountEvent {
	return &identityv1.AccountEvent{
		Kind: identityv1.AccountEventKind(e.Kind), EventTime: timestamppb.New(e.At), Count: e.Count, UserAgent: e.UserAgent, Network: e.Network,
	}
}
