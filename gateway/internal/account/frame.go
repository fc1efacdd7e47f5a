package account

import (
	"net/http"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
)

// done returns the notice of what was done; nil for nothing.
func done(f browser.Flash) *page.Message {
	named := map[browser.FlashKind]string{
		browser.FlashDisconnected:      "%s is disconnected. It has no access any more.",
		browser.FlashWorkspaceEnded:    "%s has no access to that workspace any more.",
		browser.FlashInstallationEnded: "That installation of %s has no access any more. The others go on.",
	}[f.Kind]
	if named != "" && f.Name != "" {
		return &page.Message{Kind: "ok", Text: named, Names: []string{f.Name}}
	}
	return page.Done(map[browser.FlashKind]string{
		browser.FlashDisconnected:      "The app is disconnected. It has no access any more.",
		browser.FlashWorkspaceEnded:    "The app has no access to that workspace any more.",
		browser.FlashInstallationEnded: "That installation has no access any more. The others go on.",
		browser.FlashDeviceEnded:       "The device is signed out.",
		browser.FlashOthersEnded:       "Every other device is signed out, and every program that signed in with your password.",
		browser.FlashProfileSaved:      "Your profile is saved.",
		browser.FlashPasswordChanged:   "Your password is changed.",
	}[f.Kind])
}

// render shows a page of the account with its menu, in the language that the user chose.
func (a Account) render(w http.ResponseWriter, r *http.Request, session *identityv1.Session, v page.View) {
	entries := []page.MenuEntry{
		{Address: browser.ProfilePath, Text: "Profile"},
		{Address: browser.SecurityPath, Text: "Sign-in and security"},
		{Address: browser.DevicesPath, Text: "Devices"},
		{Address: browser.HomePath, Text: "Connected apps"},
		{Address: browser.ActivityPath, Text: "Activity"},
	}
	for i := range entries {
		entries[i].Current = entries[i].Address == r.URL.Path
	}
	v.Frame = &page.Frame{Person: session.GetDisplayName(), CSRF: a.Flow.AccountToken(w, r), Menu: []page.MenuGroup{{Entries: entries}, {Entries: []page.MenuEntry{
		{Address: browser.WorkspacesPath, Text: "Workspaces"}, {Address: browser.DevelopersPath, Text: "Your apps"},
	}}}}
	v.Preferred = session.GetLanguage()
	a.Flow.Pages.Render(w, r, v)
}

// back redirects to a page of the account with a flash.
func (a Account) back(w http.ResponseWriter, r *http.Request, flash browser.Flash, name, path string) {
	a.Flow.Cookies.SetFlash(w, r, flash, name, "")
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, path, http.StatusSeeOther)
}
