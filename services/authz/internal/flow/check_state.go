package flow

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// maxStateLength is the maximum length of state, in bytes after decoding: state is returned
// unchanged in a header, or not at all.
const maxStateLength = 2048

func checkState(_ context.Context, _ Flow, a *request) error {
	state := a.value("state")
	if len(state) > maxStateLength {
		return pageWith(cause.StateTooLong, "The app sent a state that is too long: at most 2048 bytes can be returned.")
	}
	a.State = state
	return nil
}
