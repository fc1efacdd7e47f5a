package workspaces

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// Path is the list of the workspaces that the user administers, and the prefix of every page about one.
const Path = browser.WorkspacesPath

// Workspaces serves the pages.
type Workspaces struct {
	Flow    browser.Flow
	Apps    consentv1.WorkspaceServiceClient
	Keys    tokenv1.WorkspaceKeyServiceClient
	Members identityv1.WorkspaceServiceClient
	// Activity reads what happened; nil for a server without it.
	Activity activityv1.AuditServiceClient
	// NotFound serves a path without a page, and a workspace that the user does not administer.
	NotFound http.Handler
}

// section is a page about one workspace.
type section struct {
	name, title string
	// show builds the page.
	show func(s Workspaces, v visit) (page.View, error)
	// change makes the change of a form; nil for a page without a form.
	change func(s Workspaces, v visit) (browser.Flash, error)
}

// sections are the pages about one workspace, in the order of the menu.
func sections() []section {
	return []section{
		{"", "Connected apps", Workspaces.apps, Workspaces.changeApps},
		{"policy", "Who may connect apps", Workspaces.policy, Workspaces.changePolicy},
		{"keys", "API keys", Workspaces.keys, Workspaces.changeKeys},
		{"members", "Members", Workspaces.members, nil},
		{"activity", "Activity", Workspaces.activity, nil},
	}
}

// visit is a request for a page about a workspace.
type visit struct {
	w       http.ResponseWriter
	r       *http.Request
	id      string
	session *identityv1.Session
	// token is the session's, for calls.
	token string
	in    *time.Location
	flash browser.Flash
	head  page.Workspaceframe
}

// base returns the path of a workspace's pages.
func base(id string) string { return Path + "/" + url.PathEscape(id) }

// target returns the workspace and the section that a path names.
func target(path string) (id string, s section, rest string, found bool) {
	name, ok := strings.CutPrefix(path, Path+"/")
	if !ok {
		return "", section{}, "", false
	}
	id, name, _ = strings.Cut(name, "/")
	name, rest, _ = strings.Cut(name, "/")
	id, err := url.PathUnescape(id)
	for _, one := range sections() {
		if one.name == name && err == nil && id != "" {
			return id, one, rest, true
		}
	}
	return "", section{}, "", false
}

// ServeHTTP serves every page under Path.
func (s Workspaces) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	if s.Flow.Cookies.Session(r).IsZero() {
		s.Flow.RedirectToSignIn(w, r)
		return
	}
	id, one, rest, found := target(path)
	if path == Path {
		s.list(w, r)
		return
	}
	if !found || rest != "" && (one.name != "activity" || rest != "csv") {
		s.NotFound.ServeHTTP(w, r)
		return
	}
	v, ok := s.visit(w, r, id)
	if !ok {
		return
	}
	if rest == "csv" {
		s.download(v)
		return
	}
	v.flash = s.Flow.Cookies.PeekFlash(r, browser.PageConsole, path)
	v.head.Done, v.head.Fault = done(v.flash), s.fault(v.flash)
	shown, err := one.show(s, v)
	if err != nil {
		s.showError(w, r, err)
		return
	}
	s.Flow.Cookies.TakeFlash(w, r, browser.PageConsole, path) // not before: a new key is shown by the next attempt
	shown.Title, shown.TitleName, shown.Failed = one.title, v.head.Name, v.head.Fault.Text != ""
	s.render(v, one.name, shown)
}

// session returns the session of the request with the user's workspaces, or writes the response.
func (s Workspaces) session(w http.ResponseWriter, r *http.Request) (*identityv1.GetSessionResponse, bool) {
	res, err := s.Flow.Sessions.GetSession(r.Context(), &identityv1.GetSessionRequest{
		SessionToken: s.Flow.Cookies.Session(r).Reveal(), IncludeWorkspaces: true,
	})
	if err != nil {
		s.showError(w, r, err)
		return nil, false
	}
	return res, true
}

// visit returns the visit of a workspace's page, or writes the response. The name is that of the
// session's workspaces; each service authorizes the user by itself.
func (s Workspaces) visit(w http.ResponseWriter, r *http.Request, id string) (visit, bool) {
	res, ok := s.session(w, r)
	if !ok {
		return visit{}, false
	}
	all := res.GetWorkspaces().GetWorkspaces()
	at := slices.IndexFunc(all, func(ws *identityv1.Workspace) bool { return ws.GetWorkspaceId() == id })
	if at < 0 {
		s.NotFound.ServeHTTP(w, r)
		return visit{}, false
	}
	session := res.GetSession()
	return visit{
		w: w, r: r, id: id, session: session, token: s.Flow.Cookies.Session(r).Reveal(), in: browser.Zone(session.GetTimeZone()),
		head: page.Workspaceframe{
			CSRF: s.Flow.TypingToken(w, r, session.GetUserId()), Action: r.URL.EscapedPath(), Base: base(id), ID: id, Name: all[at].GetName(), Plan: all[at].GetPlan(),
		},
	}, true
}

// Post serves every form under Path.
func (s Workspaces) Post(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	id, one, rest, found := target(path)
	if !found || one.change == nil || rest != "" {
		s.NotFound.ServeHTTP(w, r)
		return
	}
	if !s.Flow.ParseForm(w, r, browser.ConsoleForm(path)) {
		return
	}
	v, ok := s.visit(w, r, id)
	if !ok {
		return
	}
	flash, err := one.change(s, v)
	flash.Name, flash.Object = cmp.Or(r.PostForm.Get("name"), r.PostForm.Get("confirm_name")), cmp.Or(r.PostForm.Get("client_id"), r.PostForm.Get("key_id"))
	switch oerr.Reason(err) { //nolint:exhaustive // RedirectWithError handles the others
	case errorv1.Reason_REASON_SESSION_REQUIRED:
		s.Flow.RedirectToSignIn(w, r)
		return
	case errorv1.Reason_REASON_NOT_FOUND:
		if oerr.Field(err) == "workspace_id" {
			s.NotFound.ServeHTTP(w, r)
			return
		}
		err, flash = nil, browser.Flash{Kind: flashGone}
	case errorv1.Reason_REASON_INVALID_REQUEST:
		err, flash = nil, browser.RefusedForm(flashRefused, r, err)
	}
	if err != nil {
		s.Flow.RedirectWithError(w, r, browser.ConsoleForm(path), oerr.UnlessImplemented(err))
		return
	}
	s.Flow.Cookies.SetFlash(w, r, flash, browser.PageConsole, path)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, path, http.StatusSeeOther) //nolint:gosec // it is the path of one of our pages
}

// list shows the workspaces that the user administers.
func (s Workspaces) list(w http.ResponseWriter, r *http.Request) {
	res, ok := s.session(w, r)
	if !ok {
		return
	}
	var data page.WorkspaceList
	for _, ws := range res.GetWorkspaces().GetWorkspaces() {
		if ws.GetRole() == identityv1.Role_ROLE_ADMINISTRATOR {
			data = append(data, page.Workspaceframe{
				Base: base(ws.GetWorkspaceId()), ID: ws.GetWorkspaceId(), Name: ws.GetName(), Plan: ws.GetPlan(),
			})
		}
	}
	v := visit{w: w, r: r, session: res.GetSession(), head: page.Workspaceframe{CSRF: s.Flow.AccountToken(w, r)}}
	s.render(v, "", page.View{Template: "wslist", Title: "Workspaces that you administer", Data: data})
}

// showError shows the error of an RPC as a page.
func (s Workspaces) showError(w http.ResponseWriter, r *http.Request, err error) {
	switch oerr.Reason(err) { //nolint:exhaustive // ShowError handles the others
	case errorv1.Reason_REASON_SESSION_REQUIRED:
		s.Flow.RedirectToSignIn(w, r)
	case errorv1.Reason_REASON_NOT_FOUND:
		s.NotFound.ServeHTTP(w, r)
	case errorv1.Reason_REASON_INVALID_REQUEST: // an address that was changed, such as a page of another list
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, r.URL.EscapedPath(), http.StatusSeeOther) //nolint:gosec // it is the path of one of our pages
	default:
		s.Flow.ShowError(w, r, oerr.UnlessImplemented(err))
	}
}

// render shows a page with its menu, in the language that the user chose.
func (s Workspaces) render(v visit, current string, shown page.View) {
	var menu []page.MenuGroup
	if v.id != "" {
		group := page.MenuGroup{Name: v.head.Name}
		for _, one := range sections() {
			group.Entries = append(group.Entries, page.MenuEntry{
				Address: strings.TrimSuffix(v.head.Base+"/"+one.name, "/"), Text: one.title, Current: one.name == current,
			})
		}
		menu = append(menu, group)
	}
	shown.Frame = &page.Frame{Person: v.session.GetDisplayName(), CSRF: v.head.CSRF, Menu: append(menu, page.MenuGroup{Entries: []page.MenuEntry{
		{Address: Path, Text: "Workspaces", Current: v.id == ""},
		{Address: browser.DevelopersPath, Text: "Your apps"},
		{Address: browser.ProfilePath, Text: "Account"},
	}})}
	shown.Preferred = v.session.GetLanguage()
	s.Flow.Pages.Render(v.w, v.r, shown)
}

// next returns the address of the next page of a list; empty on the last page.
func (v visit) next(token string) string {
	if token == "" {
		return ""
	}
	return v.head.Action + "?after=" + url.QueryEscape(token)
}

// whole reports whether a page has all of its list, given the address of the next one.
func (v visit) whole(next string) bool { return next == "" && v.after() == "" }

// find returns the search that is asked for.
func (v visit) find() string { return strings.TrimSpace(v.r.URL.Query().Get("find")) }

// after returns the token of the page that is asked for.
func (v visit) after() string { return v.r.URL.Query().Get("after") }
