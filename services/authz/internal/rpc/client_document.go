package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/paging"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// ClientDocuments serves operators.
type ClientDocuments struct {
	authzv1.UnsafeClientDocumentServiceServer

	Store registry.Store
}

// ListDisabledDocuments lists the clients of documents that are disabled.
func (s *ClientDocuments) ListDisabledDocuments(
	ctx context.Context, req *authzv1.ListDisabledDocumentsRequest,
) (*authzv1.ListDisabledDocumentsResponse, error) {
	p, err := paging.Of(req, 1)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.ListDisabledDocuments(ctx, p.After[0], p.Size+1)
	if err != nil {
		return nil, toStatus(err)
	}
	list, next := paging.Cut(list, p.Size, func(d registry.DisabledDocument) []string { return []string{d.ID} })
	res := &authzv1.ListDisabledDocumentsResponse{NextPageToken: next}
	for _, d := range list {
		res.Documents = append(res.Documents, &authzv1.DisabledDocument{ClientId: d.ID, DisableTime: timestamppb.New(d.At)})
	}
	return res, nil
}
