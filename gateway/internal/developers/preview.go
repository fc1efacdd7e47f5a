package developers

import (
	"net/url"
	"slices"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// preview shows the consent page of the client as the user would see it, without the numbers of how long access
// lasts, which the token service knows.
func (c Console) preview(v visit) page.View {
	r, workspace := v.app.GetRegistration(), v.app.GetWorkspace()
	data := page.ConsolePreview{Console: v.head}
	consent := page.Consent{
		App: r.GetClient().GetName(), Identity: browser.Identity(r.GetIdentity()), Report: c.Flow.ReportOf(v.id()),
		User:        page.User{Name: v.session.GetDisplayName(), Email: v.session.GetEmailAddress()},
		Permissions: c.Flow.Permissions(r.GetScopes(), nil),
		Workspaces: []page.Workspace{{
			ID: workspace.GetWorkspaceId(), Name: workspace.GetName(), Plan: workspace.GetPlan(), Role: enumname.Of(workspace.GetRole()), Chosen: true,
		}},
	}
	switch grants := r.GetClient().GetGrantTypes(); {
	case slices.Contains(grants, oauth.AuthorizationCodeGrant):
		consent.Origin = origin(r)
	case slices.Contains(grants, oauth.DeviceCodeGrant):
		consent.Device = &page.RequestingDevice{Address: c.Flow.Proxies.Source(v.r), At: c.Flow.Time().In(v.in)}
	default:
		data.Unseen = true
	}
	for _, g := range consent.Permissions {
		for i := range g.Permissions {
			g.Permissions[i].Optional = slices.Contains(r.GetOptionalScopes(), g.Permissions[i].Name)
		}
	}
	data.Consent = consent
	return page.View{Template: "devconsent", Data: data}
}

// origin returns the origin of the client's first redirect address, as the consent page shows it.
func origin(r *authzv1.Registration) string {
	if len(r.GetRedirectUris()) == 0 {
		return ""
	}
	u, err := url.Parse(r.GetRedirectUris()[0])
	switch {
	case err != nil:
		return ""
	case u.Host == "":
		return u.Scheme + ":"
	}
	return u.Scheme + "://" + u.Host
}
