package authz

import (
	"context"
	"errors"
	"net/url"

	"github.com/vidocu/usher/internal/platform/fetch"
	"github.com/vidocu/usher/services/authz/internal/backchannel"
)

// sender returns the sender of logout tokens. A host that is not public is reported like one that does
// not exist (see unreadable).
func (s *Service) sender() backchannel.Sender {
	return backchannel.Sender{Clients: s.clients, Post: func(ctx context.Context, address string, form url.Values) (int, error) {
		status, err := s.deps.Fetcher.PostForm(ctx, address, form)
		var failed *fetch.Error
		if !errors.As(err, &failed) {
			return status, err
		}
		unanswered := &backchannel.UnansweredError{Detail: failed.Error(), Final: failed.Kind != fetch.Unreachable && failed.Kind != fetch.TimedOut}
		if failed.Kind == fetch.Forbidden {
			unanswered.Detail, unanswered.Final = fetch.UnreachableDetail, false
		}
		return 0, unanswered
	}}
}
