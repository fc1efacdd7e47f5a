package developers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// form shows the form that registers a client.
func (c Console) form(w http.ResponseWriter, r *http.Request) {
	res, err := c.Apps.ListApps(r.Context(), &authzv1.ListAppsRequest{SessionToken: c.session(r)})
	if err != nil {
		c.showError(w, r, err)
		return
	}
	if len(res.GetWorkspaces()) == 0 {
		c.render(w, r, res.GetSession(), menuOf(nil, ""), page.View{Template: "devapps", Title: "Your apps", Data: page.ConsoleApps{}})
		return
	}
	flash := c.Flow.Cookies.TakeFlash(w, r, browser.PageConsole, newPath)
	input := flash.Input()
	data := page.ConsoleForm{
		Console: page.Console{CSRF: c.Flow.TypingToken(w, r, res.GetSession().GetUserId()), Action: newPath, Fault: c.fault(flash)}, Several: len(res.GetWorkspaces()) > 1,
		Inputs: append([]page.Field{{ID: "name", Label: "Name", Max: 100, Required: true}}, describing()...),
		Redirect: page.Field{
			ID: "redirect_uris", Label: "First redirect address", Hint: "Where people come back to. Not needed on a TV, on a command line or without a person.",
			Max: page.MaxAddress, Placeholder: "https://yourapp.com/callback", Value: input.Get("redirect_uris"),
		},
		Scopes: c.Flow.Choices(input["scope"]),
	}
	fill(data.Inputs, func(id string) string { return input.Get(id) }, data.Fault.Field)
	data.Redirect.Invalid = data.Fault.Field == data.Redirect.ID
	data.Fault = addressFaultOf(data.Fault, data.Redirect.Value)
	for _, k := range kinds() {
		data.Kinds = append(data.Kinds, page.Choice{Value: k.name, Text: k.text, Why: k.why, Chosen: k.name == input.Get("kind")})
	}
	for _, ws := range res.GetWorkspaces() {
		data.Workspaces = append(data.Workspaces, page.Choice{
			Value: ws.GetWorkspaceId(), Name: ws.GetName(), Chosen: ws.GetWorkspaceId() == input.Get("workspace_id"),
		})
	}
	c.render(w, r, res.GetSession(), menuOf(nil, ""), page.View{
		Template: "devnew", Title: "Register an app", Failed: data.Fault.Text != "", Data: data,
	})
}

// describing are the fields that describe a client to people, besides its name.
func describing() []page.Field {
	return []page.Field{
		{ID: "purpose", Label: "What it does, in one line", Max: 140},
		{ID: "publisher", Label: "Who publishes it", Max: 100},
		{ID: "client_uri", Label: "Home page", Max: page.MaxAddress, Placeholder: "https://yourapp.com"},
		{ID: "policy_uri", Label: "Privacy policy", Max: page.MaxAddress, Placeholder: "https://yourapp.com/privacy"},
		{ID: "tos_uri", Label: "Terms of service", Max: page.MaxAddress, Placeholder: "https://yourapp.com/terms"},
	}
}

// fill sets the values of fields, and which one is invalid.
func fill(fields []page.Field, value func(id string) string, invalid string) {
	for i := range fields {
		fields[i].Value, fields[i].Invalid = value(fields[i].ID), fields[i].ID == invalid
	}
}

// create registers a client.
func (c Console) create(w http.ResponseWriter, r *http.Request) {
	if !c.Flow.ParseForm(w, r, browser.ConsoleForm(newPath)) {
		return
	}
	wanted, found := newClient(r.PostForm)
	if !found {
		flash := refused(r, oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "", oerr.WithField("kind")))
		c.finish(w, r, newPath, outcome{flash: flash})
		return
	}
	c.finish(w, r, newPath, c.register(r, wanted))
}

// register registers a client in the workspace of a form.
func (c Console) register(r *http.Request, wanted *authzv1.CreateClientRequest) outcome {
	res, err := c.Apps.CreateApp(r.Context(), &authzv1.CreateAppRequest{
		SessionToken: c.session(r), WorkspaceId: r.PostForm.Get("workspace_id"), Client: wanted,
	})
	o := outcome{err: err, flash: browser.Flash{Kind: flashCreated, Secret: res.GetClientSecret()}}
	if err == nil {
		o.to = base(res.GetApp().GetRegistration().GetClient().GetClientId())
		if res.GetClientSecret() != "" {
			o.to += "/credentials"
		}
	}
	return o
}

// newClient converts the form that registers a client. It returns false for a kind that does not exist.
func newClient(form url.Values) (*authzv1.CreateClientRequest, bool) {
	i := slices.IndexFunc(kinds(), func(k kind) bool { return k.name == form.Get("kind") })
	if i < 0 {
		return nil, false
	}
	k := kinds()[i]
	req := &authzv1.CreateClientRequest{
		Name: form.Get("name"), Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, ApplicationType: k.application, GrantTypes: k.grants,
		Scopes: form["scope"], Purpose: form.Get("purpose"), Publisher: form.Get("publisher"),
		ClientUri: trimmed(form, "client_uri"), PolicyUri: trimmed(form, "policy_uri"), TosUri: trimmed(form, "tos_uri"),
	}
	if k.public {
		req.Type = authzv1.ClientType_CLIENT_TYPE_PUBLIC
	}
	if uri := trimmed(form, "redirect_uris"); k.redirects && uri != "" {
		req.RedirectUris = []string{uri}
	}
	return req, true
}

// trimmed returns a field without the spaces around it, which people paste.
func trimmed(form url.Values, name string) string { return strings.TrimSpace(form.Get(name)) }
