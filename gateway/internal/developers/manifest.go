package developers

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/manifest"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// manifest shows the registration as a file.
func (c Console) manifest(v visit) page.View {
	data := page.ConsoleManifest{Console: v.head, Text: v.flash.Input().Get("manifest")}
	if data.Text == "" {
		data.Text = string(c.manifestOf(v))
	}
	return page.View{Template: "devmanifest", Data: data}
}

func (c Console) manifestOf(v visit) []byte {
	text, err := manifest.Format(v.app.GetRegistration())
	if err != nil {
		panic(err) // strings and lists can always be written
	}
	return text
}

// download serves the manifest as a file.
func (c Console) download(v visit) {
	header := v.w.Header()
	header.Set("Content-Type", "application/yaml; charset=utf-8")
	header.Set("Content-Disposition", `attachment; filename="`+v.id()+`.yaml"`)
	header.Set("Cache-Control", "no-store")
	_, _ = v.w.Write(c.manifestOf(v)) //nolint:gosec // a file to store; it fails only where the client has disconnected
}

// uploadManifest makes the registration equal to a manifest that is a file.
func (c Console) uploadManifest(w http.ResponseWriter, r *http.Request, id string) {
	to := base(id) + "/manifest"
	file, ok := c.Flow.ParseUpload(w, r, browser.ConsoleForm(to), "file")
	if !ok {
		return
	}
	session, app, ok := c.client(w, r, id)
	if !ok {
		return
	}
	v := c.visit(w, r, session, app)
	switch err := checkManifest(file); {
	case len(file) == 0:
		c.finish(w, r, to, outcome{flash: browser.Flash{Kind: flashUnchanged}})
	case err != nil:
		c.finish(w, r, to, outcome{flash: manifestFault(r, err)})
	default:
		r.PostForm.Set("manifest", string(file)) // shown again if it is refused
		c.finish(w, r, to, c.applyManifest(v))
	}
}

// checkManifest returns why a file cannot be a manifest.
func checkManifest(file []byte) error {
	if !utf8.Valid(file) || bytes.IndexByte(file, 0) >= 0 {
		return errors.New("it is no text in UTF-8")
	}
	return nil
}

// createFromManifest registers the client of a manifest that is a file.
func (c Console) createFromManifest(w http.ResponseWriter, r *http.Request) {
	file, ok := c.Flow.ParseUpload(w, r, browser.ConsoleForm(newPath), "file")
	if !ok {
		return
	}
	err := checkManifest(file)
	var wanted *manifest.Client
	if err == nil {
		wanted, err = manifest.ParseNew(bytes.NewReader(file))
	}
	if err != nil {
		c.finish(w, r, newPath, outcome{flash: manifestFault(r, err)})
		return
	}
	o := c.register(r, requestOf(wanted, r.PostForm.Get("workspace_id")))
	switch oerr.Reason(o.err) { //nolint:exhaustive // finish handles the others
	case errorv1.Reason_REASON_INVALID_REQUEST, errorv1.Reason_REASON_CONFLICT, errorv1.Reason_REASON_ALREADY_EXISTS:
		o = outcome{flash: manifestFault(r, errors.New(strings.TrimSpace(oerr.Field(o.err)+" "+oerr.Message(o.err))))}
	}
	c.finish(w, r, newPath, o)
}

// requestOf returns the request that registers the client of a manifest in a workspace. It leaves out what
// the console sets, where the manifest has the same.
func requestOf(wanted *manifest.Client, workspaceID string) *authzv1.CreateClientRequest {
	req := wanted.Create()
	if req.GetReuse() == authzv1.Reuse_REUSE_SUBJECT { // the default
		req.Reuse = authzv1.Reuse_REUSE_UNSPECIFIED
	}
	if req.GetWorkspaceId() == workspaceID {
		req.WorkspaceId = ""
	}
	return req
}

// applyManifest makes the registration equal to a manifest, as `usher clients apply` does.
func (c Console) applyManifest(v visit) outcome {
	text := v.r.PostForm.Get("manifest")
	wanted, err := manifest.Parse(strings.NewReader(text))
	switch {
	case err != nil:
	case len(wanted) != 1:
		err = errors.New("it must have one client: this one")
	case wanted[0].ID != v.id():
		err = errors.New("its client is another one: the id is " + wanted[0].ID)
	}
	if err != nil {
		return outcome{flash: manifestFault(v.r, err)}
	}
	change, _, err := wanted[0].Update(v.app.GetRegistration())
	if err != nil {
		return outcome{flash: manifestFault(v.r, err)}
	}
	if change == nil {
		return outcome{flash: browser.Flash{Kind: flashUnchanged}}
	}
	return c.update(v, change)
}

func manifestFault(r *http.Request, err error) browser.Flash {
	flash := refused(r, err)
	flash.Kind, flash.Detail = flashManifest, err.Error()
	return flash
}
