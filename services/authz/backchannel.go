package authz

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"github.com/vidocu/usher/internal/platform/fetch"
	"github.com/vidocu/usher/services/authz/internal/backchannel"
)

// sender returns the sender of logout tokens.
func (s *Service) sender() backchannel.Sender {
	return backchannel.Sender{Clients: s.clients, Post: func(ctx context.Context, address string, form url.Values) (int, error) {
		status, err := s.deps.Fetcher.PostForm(ctx, address, form)
		var failed *fetch.Error
		if !errors.As(err, &failed) {
			return status, err
		}
		again := []fetch.Kind{fetch.Forbidden, fetch.Unreachable, fetch.TimedOut}
		return 0, &backchannel.UnansweredError{Detail: failed.Public(), Final: !slices.Contains(again, failed.Kind)}
	}}
}
