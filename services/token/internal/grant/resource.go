package grant

import (
	"errors"
	"slices"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// Resources narrows the protected resources of a grant to those that a token request asks for (RFC
// 8707 §2.2).
type Resources struct {
	// Default returns the identifier of the default resource.
	Default func() string
}

// narrow returns the resources of the access token in their stored form: nil for all of the
// grant's. A request may narrow them and never widen them.
func (n Resources) narrow(granted oauth.Resources, asked []string) (oauth.Resources, error) {
	if len(asked) == 0 {
		return nil, nil
	}
	if len(granted) == 0 {
		granted = oauth.Resources{n.Default()}
	}
	selected, err := granted.Select(asked)
	switch {
	case errors.Is(err, oauth.ErrResourceMalformed):
		return nil, invalidTarget(cause.ResourceMalformed, "resource must be an absolute URI without a fragment, at most eight times")
	case err != nil:
		err = invalidTarget(cause.ResourceNotGranted, "the resource was not granted: a token request may only narrow the resources")
		return nil, cause.Expecting(err, "resource", strings.Join(granted, " "))
	case len(selected) == len(granted):
		return nil, nil
	}
	return selected, nil
}

// sameResources refuses a repeated request for other resources than the first one had: it is not a
// retry.
func (n Resources) sameResources(replay Replay, issued oauth.Resources, asked []string) error {
	if len(asked) == 0 {
		return nil
	}
	selected, err := n.narrow(replay.Resources, asked)
	if err != nil {
		return err
	}
	slices.Sort(selected)
	if !slices.Equal(selected, slices.Sorted(slices.Values(issued))) {
		err = invalidTarget(cause.ResourceOtherAtRetry, "a repeated refresh must ask for the same resource as the first")
		return cause.Expecting(err, "resource", strings.Join(issued, " "))
	}
	return nil
}
