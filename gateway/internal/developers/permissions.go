package developers

import (
	"slices"

	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// permissions shows what the client may ask for.
func (c Console) permissions(v visit) page.View {
	r, input := v.app.GetRegistration(), v.flash.Input()
	data := page.ConsolePermissions{Console: v.head}
	for _, g := range c.Flow.Permissions(c.Flow.Catalog.Names(), nil) {
		group := page.ConsoleScopes{Name: g.Name}
		for _, p := range g.Permissions {
			scope := page.ConsoleScope{
				Name: p.Name, Description: p.Description, Asked: slices.Contains(r.GetScopes(), p.Name),
				Optional: slices.Contains(r.GetOptionalScopes(), p.Name), Default: slices.Contains(r.GetDefaultScopes(), p.Name),
				Unused: slices.Contains(r.GetUnusedScopes(), p.Name),
			}
			if len(input) > 0 { // the user's input, and not what is stored
				use := input.Get("use." + p.Name)
				scope.Asked, scope.Optional, scope.Default = use != "", use == "optional", slices.Contains(input["default"], p.Name)
			}
			group.Scopes = append(group.Scopes, scope)
		}
		data.Groups = append(data.Groups, group)
	}
	return page.View{Template: "devpermissions", Data: data}
}

// savePermissions changes what the client may ask for.
func (c Console) savePermissions(v visit) outcome {
	change := &authzv1.UpdateClientRequest{}
	for _, name := range c.Flow.Catalog.Names() {
		use := v.r.PostForm.Get("use." + name)
		if use != "" {
			change.Scopes = append(change.Scopes, name)
		}
		if use == "optional" {
			change.OptionalScopes = append(change.OptionalScopes, name)
		}
		if use != "" && slices.Contains(v.r.PostForm["default"], name) {
			change.DefaultScopes = append(change.DefaultScopes, name)
		}
	}
	if len(change.GetScopes()) == 0 { // which an update takes for no change
		return outcome{err: oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "", oerr.WithField("scopes"))}
	}
	change.ClearOptionalScopes, change.ClearDefaultScopes = len(change.GetOptionalScopes()) == 0, len(change.GetDefaultScopes()) == 0
	return c.update(v, change)
}
