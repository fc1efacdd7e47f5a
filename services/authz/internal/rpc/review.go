package rpc

import (
	"cmp"
	"context"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/enumname"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/paging"
	"github.com/vidocu/usher/services/authz/internal/ownership"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// Reviews serves the operator, and the token service when it suspends a client.
type Reviews struct {
	authzv1.UnsafeReviewServiceServer

	Reviewer ownership.Reviewer
}

// ListSubmittedClients lists the clients that wait for a review.
func (s *Reviews) ListSubmittedClients(
	ctx context.Context, req *authzv1.ListSubmittedClientsRequest,
) (*authzv1.ListSubmittedClientsResponse, error) {
	p, err := paging.Of(req, 2)
	if err != nil {
		return nil, err
	}
	after, err := p.Time(0)
	if err != nil {
		return nil, err
	}
	list, err := s.Reviewer.Store.ListSubmitted(ctx, after, p.After[1], p.Size+1)
	if err != nil {
		return nil, toStatus(err)
	}
	list, next := paging.Cut(list, p.Size, func(a registry.Client) []string {
		return []string{paging.FormatTime(a.Owner.SubmittedAt), a.ID}
	})
	res := &authzv1.ListSubmittedClientsResponse{NextPageToken: next}
	for _, one := range list {
		whole, err := s.Reviewer.Store.FindClient(ctx, one.ID)
		if err != nil {
			return nil, toStatus(err)
		}
		res.Registrations = append(res.Registrations, registration(whole))
	}
	return res, nil
}

// ReviewClient decides about a client of a workspace.
func (s *Reviews) ReviewClient(ctx context.Context, req *authzv1.ReviewClientRequest) (*authzv1.ReviewClientResponse, error) {
	if err := checkClientID(req.GetClientId()); err != nil {
		return nil, err
	}
	review := ownership.Review{ClientID: req.GetClientId(), Note: req.GetNote(), Verified: req.GetVerified()}
	if req.GetSubmitTime() != nil {
		review.SubmittedAt = req.GetSubmitTime().AsTime()
	}
	switch req.GetVerdict() {
	case authzv1.ReviewVerdict_REVIEW_VERDICT_APPROVE:
		review.Approve = true
	case authzv1.ReviewVerdict_REVIEW_VERDICT_REFUSE:
		if review.Verified {
			return nil, toStatus(oauth.InvalidField("verified", "is for an approval"))
		}
	case authzv1.ReviewVerdict_REVIEW_VERDICT_UNSPECIFIED:
		return nil, toStatus(oauth.InvalidField("verdict", "must be approve or refuse"))
	default:
		return nil, toStatus(oauth.InvalidField("verdict", "must be approve or refuse"))
	}
	if err := s.Reviewer.Review(ctx, review); err != nil {
		return nil, toStatus(err)
	}
	registered, err := s.Reviewer.Store.FindClient(ctx, req.GetClientId())
	return &authzv1.ReviewClientResponse{Registration: registration(registered)}, toStatus(err)
}

// ApplySuspendClient suspends a client of a workspace.
func (s *Reviews) ApplySuspendClient(
	ctx context.Context, req *authzv1.ApplySuspendClientRequest,
) (*authzv1.ApplySuspendClientResponse, error) {
	if err := checkClientID(req.GetClientId()); err != nil {
		return nil, err
	}
	err := s.Reviewer.Review(ctx, ownership.Review{ClientID: req.GetClientId(), Note: req.GetNote(), Suspend: true})
	return &authzv1.ApplySuspendClientResponse{}, toStatus(err)
}

// addOwner adds who owns a client to its description.
func addOwner(to *authzv1.Registration, registered registry.Client) {
	to.OwnerWorkspaceId, to.CreatedByUserId, to.ReviewNote = registered.Owner.WorkspaceID, registered.Owner.CreatedBy, registered.Owner.ReviewNote
	to.SubmitTime, to.Status = convert.TimeToProto(registered.Owner.SubmittedAt), enumname.Parse[authzv1.ClientStatus](string(cmp.Or(registered.Status, "live")))
}
