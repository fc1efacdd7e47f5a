package document

import (
	"errors"
	"net/url"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// subjectPairwise is the value of subject_type that asks for a sector.
const subjectPairwise = "pairwise"

// setSubject sets the sector identifier of a client with pairwise subjects. A document may change at any time,
// so that the sector is the host of the document, or the client itself where its redirect URIs are on the
// user's device: a document that names another host learns no subjects of that host.
func setSubject(c *client.Registration, subjectType string, u *url.URL) error {
	if err := registry.SetSubjectType(c, subjectType); err != nil {
		return err
	}
	if c.Sector != "" && c.Sector != u.Hostname() && c.Sector != c.ID {
		return errors.New("subject_type pairwise needs redirect_uris at the host of the document")
	}
	return nil
}

// scopeOf returns the scope that a document asks for; nil for none.
func scopeOf(text string) (oauth.Scope, error) {
	scope, err := oauth.ParseRequestedScope(text)
	switch {
	case strings.Trim(text, " ") == "":
		return nil, nil
	case err != nil:
		return nil, errors.New("scope must be names separated by spaces")
	}
	return scope, nil
}
