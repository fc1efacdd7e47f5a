package developers

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// The addresses of the console.
const (
	// Path is the list of the clients.
	Path = browser.DevelopersPath
	// appsPath is the list too, and before an identifier the path of a client.
	appsPath     = Path + "/apps"
	newPath      = appsPath + "/new"
	callbackPath = Path + "/playground/callback"
)

// Console serves the pages.
type Console struct {
	Flow browser.Flow
	Apps authzv1.ConsoleServiceClient
	// Log reads the log of requests; nil for a server without it.
	Log RequestLog
	// PublicURL is the issuer, and APIURL the address that clients call.
	PublicURL, APIURL string
	// Self serves a request of the playground, as it serves a client's.
	Self http.Handler
	// NotFound serves a path without a page, and a client that is not the user's to see.
	NotFound http.Handler
}

// section is a page about one client.
type section struct {
	name, title string
	// show builds the page.
	show func(c Console, v visit) page.View
	// change makes the change of a form and says what to show; nil for a page without a form.
	change func(c Console, v visit) outcome
}

// connects reports whether a page is about how users connect the client.
func (s section) connects() bool {
	return slices.Contains([]string{"addresses", "consent", "playground"}, s.name)
}

// sections are the pages about one client, in the order of the menu.
func sections() []section {
	return []section{
		{"", "Overview", Console.overview, nil},
		{"about", "About the app", Console.about, Console.saveAbout},
		{"credentials", "Credentials", Console.credentials, Console.changeCredentials},
		{"addresses", "Redirect addresses", Console.addresses, Console.changeAddresses},
		{"permissions", "Permissions", Console.permissions, Console.savePermissions},
		{"consent", "Consent page", Console.preview, nil},
		{"requests", "Requests", Console.requests, nil},
		{"playground", "Playground", Console.playground, Console.play},
		{"team", "Team", Console.team, Console.changeTeam},
		{"usage", "Usage", Console.usage, nil},
		{"status", "Status", Console.status, Console.changeStatus},
		{"manifest", "Manifest", Console.manifest, Console.applyManifest},
	}
}

// visit is a request for a page about a client.
type visit struct {
	w   http.ResponseWriter
	r   *http.Request
	app *authzv1.OwnedClient
	// session is the user's, and user their identifier.
	session *identityv1.Session
	user    string
	at      string
	in      *time.Location
	flash   browser.Flash
	head    page.Console
}

// id returns the client's identifier.
func (v visit) id() string { return v.app.GetRegistration().GetClient().GetClientId() }

// base returns the path of the client's pages.
func base(clientID string) string { return appsPath + "/" + clientID }

// outcome is what a form changed.
type outcome struct {
	flash browser.Flash
	// to is the path of the page to show; empty for the form's own.
	to string
	// written says that the response is written.
	written bool
	err     error
}

// ServeHTTP serves every page under Path.
func (c Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.Flow.Cookies.Session(r).IsZero() {
		c.Flow.RedirectToSignIn(w, r)
		return
	}
	switch path := r.URL.EscapedPath(); path {
	case Path, appsPath:
		c.list(w, r)
	case newPath:
		c.form(w, r)
	case callbackPath:
		c.callback(w, r)
	default:
		c.page(w, r)
	}
}

// target returns the client and the section that a path names.
func target(path string) (clientID string, s section, rest string, found bool) {
	name, ok := strings.CutPrefix(path, appsPath+"/")
	if !ok {
		return "", section{}, "", false
	}
	clientID, name, _ = strings.Cut(name, "/")
	name, rest, _ = strings.Cut(name, "/")
	for _, one := range sections() {
		if one.name == name {
			return clientID, one, rest, true
		}
	}
	return "", section{}, "", false
}

// page serves a page about a client.
func (c Console) page(w http.ResponseWriter, r *http.Request) {
	id, s, rest, found := target(r.URL.EscapedPath())
	if !found {
		c.NotFound.ServeHTTP(w, r)
		return
	}
	session, app, ok := c.client(w, r, id)
	if !ok {
		return
	}
	v := c.visit(w, r, session, app)
	switch {
	case s.name == "manifest" && rest == "download":
		c.download(v)
		return
	case s.name == "requests" && rest == "json":
		c.requestsJSON(v)
		return
	case rest != "":
		c.NotFound.ServeHTTP(w, r)
		return
	}
	v.flash = c.Flow.Cookies.PeekFlash(r, browser.PageConsole, v.at)
	v.head.Done, v.head.Fault = done(v.flash), c.fault(v.flash)
	if v.flash.Kind == flashRefused && v.flash.Field == "status" {
		v.head.Fault = statusFault(app.GetRegistration(), v.head.Fault)
	}
	shown := s.show(c, v)
	if shown.Template == "" {
		return // the response is written
	}
	c.Flow.Cookies.TakeFlash(w, r, browser.PageConsole, v.at) // not before: a new secret is shown by the next attempt
	shown.Title, shown.TitleName = s.title, app.GetRegistration().GetClient().GetName()
	shown.Failed = shown.Failed || v.head.Fault.Text != ""
	c.render(w, r, session, menuOf(app, s.name), shown)
}

// visit returns the visit of a client's page.
func (c Console) visit(w http.ResponseWriter, r *http.Request, session *identityv1.Session, app *authzv1.OwnedClient) visit {
	v := visit{w: w, r: r, app: app, session: session, user: session.GetUserId(), at: r.URL.EscapedPath(), in: browser.Zone(session.GetTimeZone())}
	v.head = page.Console{CSRF: c.Flow.TypingToken(w, r, v.user), Head: headOf(app), Action: v.at}
	return v
}

// client returns a client, or writes the response.
func (c Console) client(w http.ResponseWriter, r *http.Request, id string) (*identityv1.Session, *authzv1.OwnedClient, bool) {
	res, err := c.Apps.GetApp(r.Context(), &authzv1.GetAppRequest{SessionToken: c.session(r), ClientId: id})
	if err != nil {
		c.showError(w, r, err)
		return nil, nil, false
	}
	return res.GetSession(), res.GetApp(), true
}

func (c Console) session(r *http.Request) string { return c.Flow.Cookies.Session(r).Reveal() }

// showError shows the error of an RPC as a page.
func (c Console) showError(w http.ResponseWriter, r *http.Request, err error) {
	switch oerr.Reason(err) { //nolint:exhaustive // ShowError handles the others
	case errorv1.Reason_REASON_SESSION_REQUIRED:
		c.Flow.RedirectToSignIn(w, r)
	case errorv1.Reason_REASON_NOT_FOUND:
		c.NotFound.ServeHTTP(w, r)
	default:
		c.Flow.ShowError(w, r, oerr.UnlessImplemented(err))
	}
}

// Post serves every form under Path.
func (c Console) Post(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	switch path {
	case newPath:
		c.create(w, r)
		return
	case newPath + "/upload":
		c.createFromManifest(w, r)
		return
	}
	id, s, rest, found := target(path)
	switch {
	case found && s.name == "about" && rest == "logo":
		c.setLogo(w, r, id)
		return
	case found && s.name == "manifest" && rest == "upload":
		c.uploadManifest(w, r, id)
		return
	case !found || s.change == nil || rest != "":
		c.NotFound.ServeHTTP(w, r)
		return
	}
	if !c.Flow.ParseForm(w, r, browser.ConsoleForm(path)) {
		return
	}
	session, app, ok := c.client(w, r, id)
	if !ok {
		return
	}
	c.finish(w, r, path, s.change(c, c.visit(w, r, session, app)))
}

// finish redirects to the page of an outcome.
func (c Console) finish(w http.ResponseWriter, r *http.Request, path string, o outcome) {
	switch {
	case o.written:
		return
	case o.err != nil:
		switch oerr.Reason(o.err) { //nolint:exhaustive // RedirectWithError handles the others
		case errorv1.Reason_REASON_SESSION_REQUIRED, errorv1.Reason_REASON_NOT_FOUND:
			c.showError(w, r, o.err)
			return
		case errorv1.Reason_REASON_INVALID_REQUEST, errorv1.Reason_REASON_CONFLICT, errorv1.Reason_REASON_ALREADY_EXISTS:
			o.flash = refused(r, o.err)
		default:
			c.Flow.RedirectWithError(w, r, browser.ConsoleForm(path), oerr.UnlessImplemented(o.err))
			return
		}
	}
	if o.to == "" || o.err != nil {
		o.to = path
	}
	c.Flow.Cookies.SetFlash(w, r, o.flash, browser.PageConsole, o.to)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, o.to, http.StatusSeeOther) //nolint:gosec // it is the path of one of our pages
}

// render shows a page of the console with its menu, in the language that the user chose.
func (c Console) render(w http.ResponseWriter, r *http.Request, session *identityv1.Session, menu []page.MenuGroup, v page.View) {
	v.Frame = &page.Frame{Person: session.GetDisplayName(), CSRF: c.Flow.TypingToken(w, r, session.GetUserId()), Menu: menu}
	v.Preferred = session.GetLanguage()
	c.Flow.Pages.Render(w, r, v)
}

// menuOf returns the menu of a page about a client; nil is the list of the clients.
func menuOf(app *authzv1.OwnedClient, current string) []page.MenuGroup {
	var groups []page.MenuGroup
	if app != nil {
		group := page.MenuGroup{Name: app.GetRegistration().GetClient().GetName()}
		unseen := kindOf(app.GetRegistration()).unseen()
		for _, s := range sections() {
			if unseen && s.connects() && s.name != current {
				continue
			}
			address := base(app.GetRegistration().GetClient().GetClientId())
			if s.name != "" {
				address += "/" + s.name
			}
			group.Entries = append(group.Entries, page.MenuEntry{Address: address, Text: s.title, Current: s.name == current})
		}
		groups = append(groups, group)
	}
	return append(groups, page.MenuGroup{Entries: []page.MenuEntry{
		{Address: Path, Text: "Your apps", Current: app == nil},
		{Address: "/docs", Text: "Documentation"},
		{Address: browser.WorkspacesPath, Text: "Workspaces"},
		{Address: browser.ProfilePath, Text: "Account"},
	}})
}
