package admin

import (
	"context"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
)

type disabledDocuments struct{ limit }

// Run lists the clients of documents that are disabled.
func (c disabledDocuments) Run(ctx context.Context, s *Session) error {
	return call(ctx, allPages(s, c.Limit, s.documents().ListDisabledDocuments), &authzv1.ListDisabledDocumentsRequest{},
		rows(s, func(res *authzv1.ListDisabledDocumentsResponse) table.Rows {
			t := table.Rows{{"CLIENT", "DISABLED"}}
			for _, d := range res.GetDocuments() {
				t.Add(d.GetClientId(), timestamp(d.GetDisableTime()))
			}
			return t
		}))
}
