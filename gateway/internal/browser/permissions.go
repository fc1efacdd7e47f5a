package browser

import (
	"cmp"
	"slices"

	"github.com/vidocu/usher/gateway/internal/page"
	"github.com/vidocu/usher/internal/platform/catalog"
)

// Permissions groups scopes as the catalog does: groups in the order of their first scope, and a
// scope that is not in the catalog last, without a group. describe returns the description of a
// scope that a service knows better; nil, or an empty string, uses the catalog's.
func (f Flow) Permissions(scopes []string, describe func(scope string) string) []page.PermissionGroup {
	var groups []page.PermissionGroup
	at := map[string]int{}
	for _, name := range scopes {
		scope, _ := f.Catalog.Scope(name)
		permission := page.Permission{
			Name: name, Description: scope.Description, Sensitive: scope.Sensitive,
			Reads: scope.Access == catalog.AccessRead, Changes: scope.Access == catalog.AccessChange,
		}
		if describe != nil {
			permission.Description = describe(name)
		}
		permission.Description = cmp.Or(permission.Description, name)
		i, found := at[scope.Group]
		if !found {
			i = len(groups)
			at[scope.Group] = i
			groups = append(groups, page.PermissionGroup{Name: scope.Group})
		}
		groups[i].Permissions = append(groups[i].Permissions, permission)
	}
	return groups
}

// Choices groups every scope of the catalog, for a form that was sent with the chosen ones.
func (f Flow) Choices(chosen []string) []page.PermissionGroup {
	return f.choices(f.Catalog.Names(), chosen)
}

// KeyChoices is Choices of the scopes that restrict an API key. Those of OpenID Connect concern a user, and a
// key has none.
func (f Flow) KeyChoices(chosen []string) []page.PermissionGroup {
	return f.choices(f.Catalog.Current().KeyScopes(), chosen)
}

func (f Flow) choices(names, chosen []string) []page.PermissionGroup {
	groups := f.Permissions(names, nil)
	for _, g := range groups {
		for i := range g.Permissions {
			g.Permissions[i].Declined = !slices.Contains(chosen, g.Permissions[i].Name)
		}
	}
	return groups
}
