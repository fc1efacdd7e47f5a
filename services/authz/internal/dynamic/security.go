package dynamic

import (
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// asMetadata converts an error of the rules that the operator's clients have too.
func asMetadata(err error) error {
	var invalid *oauth.FieldError
	if errors.As(err, &invalid) {
		return refuse(invalid.Field, invalid.Problem)
	}
	return err
}

// setSubject sets the sector identifier of a client that has its identifier. before is the registration that
// it replaces; nil for a new one.
func (c *Client) setSubject(before *Client) error {
	var err error
	if before == nil {
		err = registry.SetSubjectType(&c.Registration, c.Metadata.SubjectType)
	} else {
		err = registry.KeepSubjectType(&c.Registration, c.Metadata.SubjectType, before.Sector)
	}
	c.Metadata.Sector = c.Sector
	return asMetadata(err)
}
