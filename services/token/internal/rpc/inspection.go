package rpc

import (
	"context"
	"errors"
	"strings"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/paging"
	"github.com/vidocu/usher/services/token/internal/inspection"
	"github.com/vidocu/usher/services/token/internal/introspect"
)

// Inspection is OversightService, through which operators inspect grants, tokens and revocations.
type Inspection struct {
	tokenv1.UnsafeOversightServiceServer

	Inspector inspection.Inspector
}

// ListGrants returns a page of grants.
func (s *Inspection) ListGrants(ctx context.Context, req *tokenv1.ListGrantsRequest) (*tokenv1.ListGrantsResponse, error) {
	if err := validateIdentifiers(grantFilter(req)...); err != nil {
		return nil, err
	}
	p, err := paging.Of(req, 3)
	if err != nil {
		return nil, err
	}
	id, err := p.Bytes(2)
	if err != nil {
		return nil, err
	}
	list, err := s.Inspector.Store.ListGrants(ctx, inspection.Query{
		UserID: req.GetUserId(), ClientID: req.GetClientId(), Limit: p.Size + 1,
		After: inspection.Place{UserID: p.After[0], ClientID: p.After[1], ID: id},
	})
	if err != nil {
		return nil, toStatus(err)
	}
	list, next := paging.Cut(list, p.Size, func(g inspection.Grant) []string {
		return []string{g.UserID, g.ClientID, paging.FormatBytes(g.ID)}
	})
	res := &tokenv1.ListGrantsResponse{Grants: make([]*tokenv1.Grant, len(list)), NextPageToken: next}
	for i, g := range list {
		res.Grants[i] = &tokenv1.Grant{
			GrantId: g.ID, UserId: g.UserID, ClientId: g.ClientID, WorkspaceId: g.WorkspaceID, Scopes: strings.Fields(g.Scope),
			CreateTime: convert.TimeToProto(g.CreatedAt), LastUseTime: convert.TimeToProto(g.LastUsedAt), ExpireTime: convert.TimeToProto(g.ExpiresAt),
		}
	}
	return res, nil
}

// grantFilter returns the identifiers that a request for grants must have: at least one is
// required.
func grantFilter(req *tokenv1.ListGrantsRequest) []namedField {
	user, client := namedField{"user_id", req.GetUserId()}, namedField{"client_id", req.GetClientId()}
	switch {
	case client.value == "":
		return []namedField{user}
	case user.value == "":
		return []namedField{client}
	}
	return []namedField{user, client}
}

// CountAccess counts the grants and user tokens that an operation would revoke.
func (s *Inspection) CountAccess(ctx context.Context, req *tokenv1.CountAccessRequest) (*tokenv1.CountAccessResponse, error) {
	if err := validateHolder(req); err != nil {
		return nil, err
	}
	c, err := s.Inspector.CountAccess(ctx, inspection.Holder{
		UserID: req.GetUserId(), ClientID: req.GetClientId(), WorkspaceID: req.GetWorkspaceId(), AppID: req.GetAuthenticationAppId(),
	})
	if err != nil {
		return nil, toStatus(err)
	}
	return &tokenv1.CountAccessResponse{
		Grants: c.Grants, GrantUsers: c.GrantUsers, UserTokens: c.UserTokens, UserTokenUsers: c.UserTokenUsers, Truncated: c.Truncated,
	}, nil
}

// validateHolder refuses a combination of identifiers that no operation has. Its error names the
// field that is missing, or that cannot be combined with the others.
func validateHolder(req *tokenv1.CountAccessRequest) error {
	var set []namedField
	for _, id := range []namedField{
		{"user_id", req.GetUserId()},
		{"client_id", req.GetClientId()},
		{"workspace_id", req.GetWorkspaceId()},
		{"authentication_app_id", req.GetAuthenticationAppId()},
	} {
		if id.value != "" {
			set = append(set, id)
		}
	}
	switch {
	case len(set) == 0:
		return invalid("user_id", "is required, or client_id, or authentication_app_id")
	case len(set) > 2 || len(set) == 2 && (set[0].field != "user_id" || set[1].field == "authentication_app_id"):
		return invalid(set[len(set)-1].field, "cannot be combined with the other fields")
	case set[0].field == "workspace_id":
		return invalid("user_id", "is required beside workspace_id")
	}
	return validateIdentifiers(set...)
}

// InspectToken returns the kind and the facts of a token.
func (s *Inspection) InspectToken(ctx context.Context, req *tokenv1.InspectTokenRequest) (*tokenv1.InspectTokenResponse, error) {
	kind, facts, err := s.Inspector.InspectToken(ctx, req.GetToken())
	switch {
	case errors.Is(err, inspection.ErrNoToken):
		return nil, invalid("token", err.Error())
	case errors.Is(err, introspect.ErrInactive):
		return &tokenv1.InspectTokenResponse{Kind: tokenKind(kind)}, nil
	case err != nil:
		return nil, toStatus(err)
	}
	return &tokenv1.InspectTokenResponse{
		Kind: tokenKind(kind), Active: true, UserId: facts.UserID, KeyId: facts.KeyID, ClientId: facts.ClientID, WorkspaceId: facts.WorkspaceID,
		Scopes: strings.Fields(facts.Scope), GrantId: facts.Family, CreateTime: convert.TimeToProto(facts.IssuedAt), ExpireTime: convert.TimeToProto(facts.ExpiresAt),
		AllowedAddresses: facts.Addresses.Strings(),
	}, nil
}

// ListRevocations returns a page of the revocation log.
func (s *Inspection) ListRevocations(
	ctx context.Context, req *tokenv1.ListRevocationsRequest,
) (*tokenv1.ListRevocationsResponse, error) {
	size, err := paging.Size(req.GetPageSize())
	if err != nil {
		return nil, err
	}
	entries, err := s.Inspector.ListRevocations(ctx, req.AfterCursor, size)
	if err != nil {
		return nil, toStatus(err)
	}
	res := &tokenv1.ListRevocationsResponse{Revocations: make([]*tokenv1.LoggedRevocation, len(entries))}
	for i, e := range entries {
		res.Revocations[i] = &tokenv1.LoggedRevocation{Revocation: toRevocation(&e.Entry), Reason: reasonOf(e.Reason), RevokeTime: convert.TimeToProto(e.At)}
	}
	return res, nil
}

// reasonOf converts a stored reason: the enum of the contract has the same numbers. A reason from a
// later release is unspecified.
func reasonOf(stored int16) tokenv1.RevocationReason {
	reason := tokenv1.RevocationReason(stored)
	if _, defined := tokenv1.RevocationReason_name[int32(reason)]; !defined {
		return tokenv1.RevocationReason_REVOCATION_REASON_UNSPECIFIED
	}
	return reason
}
