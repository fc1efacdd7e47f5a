package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// openIDScopes are the scopes of OpenID Connect Core §5.4 that mean something here. They belong to no
// endpoint.
func openIDScopes() []Scope {
	const group = "Your account"
	return []Scope{
		{Name: "openid", Description: "Know which account is yours", Group: group, Access: AccessRead},
		{Name: "profile", Description: "View your name, language and time zone", Group: group, Access: AccessRead},
		{Name: "email", Description: "View your e-mail address", Group: group, Access: AccessRead},
	}
}

// WithOpenID returns the catalog with the scopes of OpenID Connect behind the others. A scope that the
// file has keeps its description.
func (c *Catalog) WithOpenID() *Catalog {
	with := *c
	with.scopes, with.descriptions = slices.Clone(c.scopes), map[string]string{}
	digest := []string{c.digest}
	for _, scope := range openIDScopes() {
		if !c.Known(scope.Name) {
			with.scopes = append(with.scopes, scope)
			digest = append(digest, scope.Name)
		}
	}
	for _, scope := range with.scopes {
		with.descriptions[scope.Name] = scope.Description
	}
	sum := sha256.Sum256([]byte(strings.Join(digest, " ")))
	with.digest, with.openID = hex.EncodeToString(sum[:]), true
	return &with
}

// IsOpenID reports whether a scope is one of OpenID Connect, so that it concerns the user and no
// endpoint.
func (c *Catalog) IsOpenID(name string) bool {
	return c.openID && slices.ContainsFunc(openIDScopes(), func(s Scope) bool { return s.Name == name })
}

// KeyScopes returns the names of the scopes that may restrict an API key, in the order of the catalog: all but
// those of OpenID Connect, since a key has no user.
func (c *Catalog) KeyScopes() []string { return slices.DeleteFunc(slices.Clone(c.Names()), c.IsOpenID) }
