package developers

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	"github.com/vidocu/usher/internal/manifest"
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
	switch {
	case len(file) == 0:
		c.finish(w, r, to, outcome{flash: browser.Flash{Kind: flashUnchanged}})
	case !utf8.Valid(file) || bytes.IndexByte(file, 0) >= 0:
		c.finish(w, r, to, outcome{flash: manifestFault(v, errors.New("it is no text in UTF-8"))})
	default:
		r.PostForm.Set("manifest", string(file)) // shown again if it is refused
		c.finish(w, r, to, c.applyManifest(v))
	}
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
		return outcome{flash: manifestFault(v, err)}
	}
	change, _, err := wanted[0].Update(v.app.GetRegistration())
	if err != nil {
		return outcome{flash: manifestFault(v, err)}
	}
	if change == nil {
		return outcome{flash: browser.Flash{Kind: flashUnchanged}}
	}
	return c.update(v, change)
}

func manifestFault(v visit, err error) browser.Flash {
	flash := refused(v.r, err)
	flash.Kind, flash.Detail = flashManifest, err.Error()
	return flash
}
