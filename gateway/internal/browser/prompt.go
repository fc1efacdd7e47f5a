package browser

import (
	"net/url"
	"strings"

	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// Identity converts the description of a client; release 0.1 has none.
func Identity(m *authzv1.AppIdentity) page.Identity {
	return page.Identity{
		Known: m != nil, Publisher: m.GetPublisher(), Purpose: m.GetPurpose(), Address: m.GetClientUri(), Privacy: m.GetPolicyUri(),
		Terms: m.GetTosUri(), Logo: m.GetLogo(), Verified: m.GetVerified(), SelfRegistered: m.GetSelfRegistered(),
	}
}

// Changes converts what differs of a client.
func Changes(list []consentv1.AppChange) page.Changes {
	var changes page.Changes
	for _, change := range list {
		switch change {
		case consentv1.AppChange_APP_CHANGE_NAME:
			changes = append(changes, "its name")
		case consentv1.AppChange_APP_CHANGE_PUBLISHER:
			changes = append(changes, "its publisher")
		case consentv1.AppChange_APP_CHANGE_HOME_PAGE:
			changes = append(changes, "its home page")
		case consentv1.AppChange_APP_CHANGE_HOSTS:
			changes = append(changes, "the sites that your answers go to")
		case consentv1.AppChange_APP_CHANGE_OTHER, consentv1.AppChange_APP_CHANGE_UNSPECIFIED:
			changes = append(changes, "its description of itself")
		}
	}
	return changes
}

// consentData returns the data of a consent page, without its token.
func (f Flow) consentData(c consentView) page.Consent {
	prompt := c.prompt
	data := page.Consent{
		Request: c.request, App: prompt.GetClientName(), Identity: Identity(prompt.GetIdentity()), Origin: prompt.GetRedirectOrigin(),
		Document:    documentOf(prompt.GetPage().GetClientId()),
		User:        page.User{Name: prompt.GetDisplayName(), Email: prompt.GetEmailAddress()},
		Permissions: f.promptPermissions(prompt.GetScopes(), c.flash), Fault: f.Fault(c.flash),
		Workspaces: workspaces(prompt, c.flash.WorkspaceID), Report: f.ReportOf(prompt.GetPage().GetClientId()),
		Lifetimes: convert.GrantLifetimes(prompt.GetRefreshTokenLifetimeSeconds(), prompt.GetFamilyLifetimeSeconds()),
	}
	data.Closed = closedWorkspaces(prompt, c.flash.Input())
	data.Asked = c.flash.Kind == flashAsked
	if d := prompt.GetDevice(); d != nil {
		data.Device = &page.RequestingDevice{Address: d.GetSourceAddress(), At: d.GetRequestTime().AsTime().In(Zone(prompt.GetTimeZone()))}
	}
	granted := prompt.GetGranted()
	if len(granted) == 0 {
		return data
	}
	data.Connected, data.Changed = true, Changes(prompt.GetChanges())
	had, added := split(prompt.GetScopes(), granted)
	data.Had, data.Added = f.promptPermissions(had, c.flash), f.promptPermissions(added, c.flash)
	if prompt.GetOneClick() && !c.whole && len(granted) == 1 && len(added) == 0 && data.Fault.Text == "" {
		for i := range data.Workspaces {
			if data.Workspaces[i].ID == granted[0].GetWorkspaceId() && !data.Workspaces[i].Disabled {
				data.OneClick = &data.Workspaces[i]
			}
		}
	}
	return data
}

// workspaces returns the workspaces to choose from, and after them those in which the client may not be
// connected. The only one is chosen, and so is the only one in which the client has grants.
func workspaces(prompt *consentv1.GetPromptResponse, chosen string) []page.Workspace {
	granted := map[string]bool{}
	for _, g := range prompt.GetGranted() {
		granted[g.GetWorkspaceId()] = true
	}
	if chosen == "" && len(granted) == 1 {
		chosen = prompt.GetGranted()[0].GetWorkspaceId()
	}
	var list, closed []page.Workspace
	for _, ws := range prompt.GetWorkspaces() {
		shown := page.Workspace{
			ID: ws.GetWorkspaceId(), Name: ws.GetName(), Plan: ws.GetPlan(), Role: ws.GetRole(), Disabled: !open(ws), Connected: granted[ws.GetWorkspaceId()],
			Chosen: open(ws) && (ws.GetWorkspaceId() == chosen || len(prompt.GetWorkspaces()) == 1),
		}
		switch {
		case shown.Disabled:
			shown.Closed = closedSection(len(closed))
			shown.Badge = &page.Badge{Kind: "warn", Text: "Its administrators decide"}
		case shown.Connected:
			shown.Badge = &page.Badge{Text: "Connected"}
		}
		if shown.Disabled {
			closed = append(closed, shown)
		} else {
			list = append(list, shown)
		}
	}
	return append(list, closed...)
}

// split returns the scopes that the client has in every workspace of its grants, and the others.
func split(scopes []*consentv1.PromptScope, granted []*consentv1.GrantedWorkspace) (had, added []*consentv1.PromptScope) {
	for _, s := range scopes {
		everywhere := true
		for _, g := range granted {
			everywhere = everywhere && oauth.Scope(g.GetScopes()).Contains(s.GetName())
		}
		if everywhere {
			had = append(had, s)
		} else {
			added = append(added, s)
		}
	}
	return had, added
}

// promptPermissions returns scopes with the descriptions of the consent service, and with the user's
// choice from the form that is shown again.
func (f Flow) promptPermissions(scopes []*consentv1.PromptScope, flash Flash) []page.PermissionGroup {
	names, byName := make([]string, 0, len(scopes)), map[string]*consentv1.PromptScope{}
	for _, s := range scopes {
		names, byName[s.GetName()] = append(names, s.GetName()), s
	}
	groups := f.Permissions(names, func(scope string) string { return byName[scope].GetDescription() })
	chosen := oauth.Scope(strings.Fields(flash.Scopes))
	for _, g := range groups {
		for i := range g.Permissions {
			p := &g.Permissions[i]
			p.Optional = byName[p.Name].GetOptional()
			p.Declined = p.Optional && flash.ScopesChosen && !chosen.Contains(p.Name)
		}
	}
	return groups
}

// ReportOf returns the address at which users report a client; empty where the operator has none.
func (f Flow) ReportOf(clientID string) string {
	u, err := url.Parse(f.Pages.Report())
	if err != nil || u.Scheme == "" || clientID == "" {
		return ""
	}
	query, name := u.Query(), "client_id"
	if u.Scheme == "mailto" {
		name = "subject"
	}
	query.Set(name, clientID)
	u.RawQuery = query.Encode()
	return u.String()
}
