package browser

import (
	"cmp"
	"net/http"
	"strings"
)

// The addresses of the account's pages.
const (
	// ProfilePath is the page of the names, the language and the time zone.
	ProfilePath = "/account"
	// SecurityPath is the page on which a user changes the password.
	SecurityPath = "/account/security"
	// DevicesPath is the page of a user's sessions.
	DevicesPath = "/account/devices"
	// HomePath is the page of the connected clients, for a user without an authorization in progress.
	HomePath = "/account/connected-apps"
	// ActivityPath is the page of what happened in an account.
	ActivityPath = "/account/activity"
)

// accountPath returns the address of an account's page; HomePath for any other.
func accountPath(name string) string {
	switch name {
	case PageProfile:
		return ProfilePath
	case PageSecurity:
		return SecurityPath
	case PageDevices:
		return DevicesPath
	case PageActivity:
		return ActivityPath
	}
	return HomePath
}

// DevelopersPath is the page of the clients of the user's workspaces, and the prefix of every page about one.
const DevelopersPath = "/developers"

// WorkspacesPath is the page of the workspaces that the user administers, and the prefix of every page about
// one.
const WorkspacesPath = "/workspaces"

// maxConsolePath is the maximum length of the path of a page of the developer console.
const maxConsolePath = 128

// consolePath returns a path of the developer console, or of the administration of workspaces, as it is;
// empty for any other string.
func consolePath(path string) string {
	rest, found := strings.CutPrefix(path, DevelopersPath)
	if !found {
		rest, found = strings.CutPrefix(path, WorkspacesPath)
	}
	if !found || len(path) > maxConsolePath || rest != "" && rest[0] != '/' || strings.Trim(rest, identifierCharacters+"/") != "" || strings.Contains(path, "//") {
		return ""
	}
	return path
}

// ConsoleForm returns the form page of a page of the developer console, or of the administration of
// workspaces.
func ConsoleForm(path string) formPage {
	return formPage{page: PageConsole, purposes: []string{purposeAccount}, at: consolePath(path), request: path}
}

// SignInFor returns the address of the sign-in page that redirects to a page of an account.
func SignInFor(path string) string {
	from := signInForm("")
	if from.at = consolePath(path); from.at != "" {
		from.next = PageConsole
		return from.address()
	}
	for _, name := range []string{PageProfile, PageSecurity, PageDevices, PageActivity} {
		if accountPath(name) == path {
			from.next = name
		}
	}
	return from.address()
}

// AccountToken returns the CSRF token of the forms of an account's pages.
func (f Flow) AccountToken(w http.ResponseWriter, r *http.Request) string {
	return f.Cookies.FormToken(f.Cookies.EnsureBrowser(w, r), f.Cookies.Session(r), AccountForm().purposes...)
}

// RedirectToSignIn redirects to the sign-in page, which redirects back to the page of the request, or to
// the one of the connected clients.
func (f Flow) RedirectToSignIn(w http.ResponseWriter, r *http.Request) {
	f.RedirectToSignInFor(w, r, r.URL.EscapedPath())
}

// RedirectToSignInFor redirects to the sign-in page, which redirects to a page of an account: for a
// form, whose own address is no page.
func (f Flow) RedirectToSignInFor(w http.ResponseWriter, r *http.Request, path string) {
	f.noteSignedOut(w, r, "")
	redirectToPage(w, r, SignInFor(path))
}

// noteSignedOut makes the sign-in page say that a form that was sent without a live session changed nothing.
func (f Flow) noteSignedOut(w http.ResponseWriter, r *http.Request, request string) {
	if r.Method == http.MethodPost {
		f.Cookies.SetFlash(w, r, Flash{Kind: flashSignedOut}, pageSignIn, request)
	}
}

// AccountForm returns the form page of the connections of a user.
func AccountForm() formPage { return accountForm(PageAccount) }

// DevicesForm returns the form page of the devices.
func DevicesForm() formPage {
	page := accountForm(PageDevices)
	page.submitted = FlashOthersEnded
	return page
}

// ProfileForm returns the form page of the profile.
func ProfileForm() formPage { return accountForm(PageProfile) }

// SecurityForm returns the form page of the password.
func SecurityForm() formPage {
	page := accountForm(PageSecurity)
	page.submitted = FlashPasswordChanged
	return page
}

func accountForm(name string) formPage {
	return formPage{page: name, purposes: []string{purposeAccount}}
}

// account reports whether the page belongs to an account, so that only a signed-in user sees it.
func (o formPage) account() bool { return isAccountPage(o.page) }

func isAccountPage(name string) bool {
	switch name {
	case PageAccount, PageDevices, PageProfile, PageSecurity, PageActivity, PageConsole:
		return true
	}
	return false
}

// profileFault returns what is wrong with a field of the profile.
func profileFault(field string) string {
	return cmp.Or(map[string]string{
		"language":  "There is no such language.",
		"time_zone": "There is no such time zone. Choose one of the list, or write one such as Europe/Berlin.",
	}[field], "A name has 1 to 100 characters that can be seen.")
}
