package admin

import (
	"context"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
)

// listDisabledDocuments lists the clients of documents that are disabled.
func listDisabledDocuments(ctx context.Context, s *Session, c limit) error {
	return call(ctx, allPages(s, c.Limit, authzv1.NewClientDocumentServiceClient(remote{s, "authz"}).ListDisabledDocuments), &authzv1.ListDisabledDocumentsRequest{},
		rows(s, func(res *authzv1.ListDisabledDocumentsResponse) table.Rows {
			t := table.Rows{{"CLIENT", "DISABLED"}}
			for _, d := range res.GetDocuments() {
				t.Add(d.GetClientId(), timestamp(d.GetDisableTime()))
			}
			return t
		}))
}
