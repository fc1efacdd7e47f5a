package developers

import (
	"net/http"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
)

// about shows how the client is described to people.
func (c Console) about(v visit) page.View {
	identity, input := v.app.GetRegistration().GetIdentity(), v.flash.Input()
	data := page.ConsoleForm{Console: v.head, Waits: v.app.GetRegistration().GetSubmitTime() != nil, Inputs: append([]page.Field{{ID: "name", Label: "Name", Max: 100, Required: true}}, describing()...)}
	registered := map[string]string{
		"name": v.app.GetRegistration().GetClient().GetName(), "purpose": identity.GetPurpose(), "publisher": identity.GetPublisher(),
		"client_uri": identity.GetClientUri(), "policy_uri": identity.GetPolicyUri(), "tos_uri": identity.GetTosUri(),
	}
	fill(data.Inputs, func(id string) string {
		if input.Has(id) {
			return input.Get(id)
		}
		return registered[id]
	}, v.head.Fault.Field)
	return page.View{Template: "devabout", Data: data}
}

// saveAbout changes how the client is described.
func (c Console) saveAbout(v visit) outcome {
	form := v.r.PostForm
	text := func(name string) *string {
		value := trimmed(form, name)
		return &value
	}
	return c.update(v, &authzv1.UpdateClientRequest{
		Name: text("name"), Purpose: text("purpose"), Publisher: text("publisher"),
		ClientUri: text("client_uri"), PolicyUri: text("policy_uri"), TosUri: text("tos_uri"),
	})
}

// update changes the client.
func (c Console) update(v visit, change *authzv1.UpdateClientRequest) outcome {
	change.ClientId = v.id()
	_, err := c.Apps.UpdateApp(v.r.Context(), &authzv1.UpdateAppRequest{SessionToken: c.session(v.r), Change: change})
	return outcome{flash: browser.Flash{Kind: flashSaved}, err: err}
}

// setLogo replaces or removes the logo.
func (c Console) setLogo(w http.ResponseWriter, r *http.Request, id string) {
	to := base(id) + "/about"
	image, ok := c.Flow.ParseUpload(w, r, browser.ConsoleForm(to), "image")
	if !ok {
		return
	}
	if r.PostForm.Get("do") == "remove" {
		image = nil
	} else if len(image) == 0 {
		c.finish(w, r, to, outcome{flash: browser.Flash{Kind: flashUnchanged}})
		return
	}
	_, err := c.Apps.SetAppLogo(r.Context(), &authzv1.SetAppLogoRequest{SessionToken: c.session(r), ClientId: id, Image: image})
	c.finish(w, r, to, outcome{flash: browser.Flash{Kind: flashSaved}, err: err})
}
