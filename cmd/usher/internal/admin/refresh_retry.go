package admin

import (
	"errors"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// refreshRetry is the flag of commands that set a client's own retry window.
type refreshRetry struct {
	RefreshRetry *time.Duration `help:"How long after a refresh the same request returns the same tokens, in whole seconds: 0s to 30s; token.refresh_retry_window unless given." placeholder:"DURATION"`
}

// Validate is called by kong.
func (r refreshRetry) Validate() error {
	if d := r.RefreshRetry; d != nil && (*d < 0 || *d > oauth.MaxRefreshRetry || *d%time.Second != 0) {
		return errors.New("--refresh-retry must be whole seconds from 0s to 30s")
	}
	return nil
}

// seconds returns the window as the contract has it; nil where the flag was not given.
func (r refreshRetry) seconds() *int32 {
	if r.RefreshRetry == nil {
		return nil
	}
	seconds := int32(*r.RefreshRetry / time.Second)
	return &seconds
}

// retryWindow writes a client's own retry window; "default" where token.refresh_retry_window
// applies.
func retryWindow(c *authzv1.Client) string {
	if c.RefreshRetrySeconds == nil { //nolint:protogetter // the getter returns 0 for an absent window too
		return "default"
	}
	return (time.Duration(c.GetRefreshRetrySeconds()) * time.Second).String()
}
