package developers

import (
	"net/http"
	"slices"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// maxCounted is of how many clients the list says what was refused.
const maxCounted = 20

// list shows the clients of the user's workspaces.
func (c Console) list(w http.ResponseWriter, r *http.Request) {
	res, err := c.Apps.ListApps(r.Context(), &authzv1.ListAppsRequest{SessionToken: c.session(r)})
	if err != nil {
		c.showError(w, r, err)
		return
	}
	data := page.ConsoleApps{Several: len(res.GetWorkspaces()) > 1, May: len(res.GetWorkspaces()) > 0}
	for _, app := range res.GetApps() {
		data.Apps = append(data.Apps, page.ConsoleApp{
			AppHead: headOf(app), Workspace: app.GetWorkspace().GetName(), People: int64(app.GetPeople()), MorePeople: app.GetMorePeople(),
			Limit: int64(app.GetPeopleLimit()), Refused: -1,
		})
	}
	counted := res.GetApps()[:min(len(data.Apps), maxCounted)]
	days := make([]func() *day, len(counted))
	for i, app := range counted {
		wait, leave := browser.Meanwhile(c.Flow, r, func(r *http.Request) *day {
			d, ok := c.day(visit{r: r, app: app})
			if !ok {
				return nil
			}
			return &d
		})
		defer leave()
		days[i] = wait
	}
	for i, wait := range days {
		if d := wait(); d != nil {
			data.Apps[i].Refused, data.Apps[i].MoreRefused = d.refused, d.more
		}
	}
	c.render(w, r, res.GetSession(), menuOf(nil, ""), page.View{Template: "devapps", Title: "Your apps", Data: data})
}

// headOf returns the head of a client's pages.
func headOf(app *authzv1.OwnedClient) page.AppHead {
	registration := app.GetRegistration()
	registered := registration.GetClient()
	return page.AppHead{
		Base: base(registered.GetClientId()), ClientID: registered.GetClientId(), Name: registered.GetName(), Logo: registration.GetIdentity().GetLogo(),
		Kind: kindOf(registration).text, Unseen: kindOf(registration).unseen(), Badge: badgeOf(registration), Checked: !registration.GetUnverified(),
	}
}

// badgeOf returns the status of a client.
func badgeOf(r *authzv1.Registration) page.Badge {
	switch r.GetStatus() {
	case authzv1.ClientStatus_CLIENT_STATUS_DRAFT:
		return page.Badge{Text: "Draft"}
	case authzv1.ClientStatus_CLIENT_STATUS_SUBMITTED:
		return page.Badge{Kind: "warn", Text: "Waits for its review"}
	case authzv1.ClientStatus_CLIENT_STATUS_SUSPENDED:
		return page.Badge{Kind: "danger", Text: "Suspended"}
	case authzv1.ClientStatus_CLIENT_STATUS_LIVE, authzv1.ClientStatus_CLIENT_STATUS_UNSPECIFIED:
	}
	if r.GetDisabled() {
		return page.Badge{Kind: "danger", Text: "Disabled"}
	}
	return page.Badge{Kind: "ok", Text: "Live"}
}

// kind is where a client runs, and what that means for its registration.
type kind struct {
	name, text, why string
	public          bool
	application     authzv1.ApplicationType
	grants          []string
	redirects       bool
}

// unseen reports whether no user ever connects a client of the kind.
func (k kind) unseen() bool { return slices.Equal(k.grants, []string{oauth.ClientCredentialsGrant}) }

// kinds are where a client can run.
func kinds() []kind {
	return []kind{
		{
			"server", "On a server", "A website or a backend, which can keep a secret.",
			false, authzv1.ApplicationType_APPLICATION_TYPE_WEB, oauth.DefaultGrantTypes(), true,
		},
		{
			"device", "In a browser or on a phone", "A single-page, mobile or desktop app: no secret, PKCE instead.",
			true, authzv1.ApplicationType_APPLICATION_TYPE_NATIVE, oauth.DefaultGrantTypes(), true,
		},
		{
			"screen", "On a TV or a command line", "No browser of its own: people enter a code on another device.",
			true, authzv1.ApplicationType_APPLICATION_TYPE_NATIVE,
			[]string{oauth.DeviceCodeGrant, oauth.RefreshTokenGrant},
			false,
		},
		{
			"service", "Without a person", "A job or a service that acts for itself in the workspace that owns it.",
			false, authzv1.ApplicationType_APPLICATION_TYPE_WEB,
			[]string{oauth.ClientCredentialsGrant},
			false,
		},
	}
}

// kindOf returns where a registered client runs.
func kindOf(r *authzv1.Registration) kind {
	has := func(name string) bool {
		return oauth.AnyGrantType(r.GetClient().GetGrantTypes(), func(g oauth.GrantType) bool { return g.Name == name })
	}
	public := r.GetClient().GetType() == authzv1.ClientType_CLIENT_TYPE_PUBLIC
	for _, k := range kinds() {
		if k.public == public && has(k.grants[0]) {
			return k
		}
	}
	return kinds()[0]
}
