package page

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// Fault is the error message of a form that is shown again.
type Fault struct {
	// Text is the message; empty for none.
	Text string
	// Field is the id of the invalid input element; empty where the error is not about one.
	Field string
	// Way is the page on which the user goes on; nil for this one.
	Way *Link
	// Wait is the time of the next attempt; nil where there is none to wait for.
	Wait *Wait
	// Names stand in the text in the places of %s: untrusted text.
	Names []string
	// Detail is what a service says about the input, in English; empty for nothing.
	Detail string
	// Lost says that a part of the input is too long to be shown again.
	Lost bool
	// Gone says that the input was not kept.
	Gone bool
	// Reference is the ID of the request that failed; empty where the user's input was wrong.
	Reference string
}

// Wait is the time of the next attempt, and the time at which the page is shown.
type Wait struct{ Now, At time.Time }

// SignIn is the data of signin.html.
type SignIn struct {
	CSRF, Request string
	// Address is the page's own.
	Address string
	// ForDevice is true where the user signs in to connect a device.
	ForDevice bool
	// App is the client's name, untrusted text, and Origin the origin of its redirect URI; empty
	// without a request.
	App, Origin string
	// Email is the address that was entered before, or the client's login_hint: untrusted text.
	Email string
	// Again is true where the user is signed in and must authenticate again (prompt=login).
	Again bool
	// Person and PersonEmail are the signed-in user's, where the client requests a choice of
	// account (prompt=select_account).
	Person, PersonEmail string
	Fault               Fault
}

// Consent is the data of consent.html.
type Consent struct {
	CSRF, Request string
	// App is untrusted text.
	App string
	// Identity is what is known of the app besides its name.
	Identity Identity
	// Origin is the origin of the redirect URI, or its scheme and a colon.
	Origin string
	// Document is the address at which the app describes itself: untrusted text, empty for an app
	// that is registered here.
	Document string
	// Device gets the answer in place of a website or an app; nil for any other request.
	Device *RequestingDevice
	// User is the signed-in user.
	User User
	// Permissions are all that the app asks for.
	Permissions []PermissionGroup
	// Connected says that the app has access already: Added are the permissions that are new in some
	// workspace of its access, and Had those that it has in each.
	Connected  bool
	Added, Had []PermissionGroup
	// Changed says how the app differs from when the user approved it; nil where it does not.
	Changed Changes
	// OneClick is the only workspace of the app's access, where the app has all permissions there and
	// one click goes on; nil for the whole page.
	OneClick   *Workspace
	Workspaces []Workspace
	// Closed are the workspaces in which the app may not be connected, and Asked says that the user has just
	// asked the administrators of one.
	Closed []ClosedWorkspace
	Asked  bool
	// Lifetimes are how long the access lasts; zero where that is not known.
	Lifetimes oauth.GrantLifetimes
	// Report is where users report an app; empty for nowhere.
	Report string
	Fault  Fault
}

// ClosedWorkspace is a workspace whose policy does not let the app be connected.
type ClosedWorkspace struct {
	ID string
	// Section is the id of its section.
	Section string
	// Name is untrusted text.
	Name string
	// Nobody says that no app may be connected, and not only this one.
	Nobody bool
	// Administers says that the user administers it.
	Administers bool
	// AskedAt is when the user asked for the app; zero if never.
	AskedAt time.Time
	// Refused says that the administrators refused, and Granted that they approved the app, which has no effect
	// now. Answer is their word: untrusted text, which may be empty.
	Refused, Granted bool
	Answer           string
	// Typed is the reason of the form that is shown again: untrusted text.
	Typed string
}

// Answered returns what became of the user's request; empty where they made none.
func (c ClosedWorkspace) Answered() string {
	switch {
	case c.AskedAt.IsZero():
		return ""
	case c.Refused:
		return "You asked for this app, and they refused."
	case c.Granted && c.Nobody:
		return "You asked for this app, and they approved it, but they let no app be connected now."
	case c.Granted:
		return "You asked for this app, and they approved it, but took the approval back."
	}
	return "You asked for this app, and nobody has answered yet."
}

// Choosable reports whether there is a workspace to choose.
func (c Consent) Choosable() bool {
	return slices.ContainsFunc(c.Workspaces, func(w Workspace) bool { return !w.Disabled })
}

// Elsewhere reports whether there is a workspace to choose in which the app has no access yet, so that what
// it has in the others is new there.
func (c Consent) Elsewhere() bool {
	return c.OneClick == nil && slices.ContainsFunc(c.Workspaces, func(w Workspace) bool { return !w.Disabled && !w.Connected })
}

// AskedDone returns the notice after the user asked; nil for none.
func (c Consent) AskedDone() *Message {
	if !c.Asked {
		return nil
	}
	return &Message{Kind: "ok", Text: "The administrators see your request. Come back to the app once they have answered: nothing was shared until then."}
}

// Tile returns the app's logo.
func (c Consent) Tile() Tile { return Tile{Name: c.App, Logo: c.Identity.Logo} }

// Optional reports whether the user may leave out a permission.
func (c Consent) Optional() bool {
	return slices.ContainsFunc(c.Permissions, func(g PermissionGroup) bool {
		return slices.ContainsFunc(g.Permissions, func(p Permission) bool { return p.Optional })
	})
}

// Required returns the names of the permissions that cannot be left out, with spaces between them.
func (c Consent) Required() string {
	var names []string
	for _, g := range c.Permissions {
		for _, p := range g.Permissions {
			if !p.Optional {
				names = append(names, p.Name)
			}
		}
	}
	return strings.Join(names, " ")
}

// Links returns the links below the card.
func (c Consent) Links() []Link {
	links := c.Identity.Policies()
	if c.Report != "" {
		links = append(links, Link{Address: c.Report, Text: "Report this app"})
	}
	return links
}

// Host returns the host of the app's website; empty where the redirect URI is not https.
func (c Consent) Host() string {
	host, found := strings.CutPrefix(c.Origin, "https://")
	if !found {
		return ""
	}
	return host
}

// Loopback returns the host and the port of a redirect URI on the user's computer; empty for
// another one.
func (c Consent) Loopback() string {
	host, _ := strings.CutPrefix(c.Origin, "http://")
	if host == c.Origin {
		return ""
	}
	return host
}

// Warning returns the notice about a destination that is not a website; nil for a website. Any
// program of the computer can wait there for the response (RFC 8252 §8.3).
func (c Consent) Warning() *Message {
	switch {
	case c.Device != nil:
		return &Message{Kind: "warn", Text: "You are connecting a device. Only go on if you are holding it."}
	case c.Loopback() != "":
		return &Message{Kind: "warn", Text: "Your answer goes to a program on this computer, and any program here can receive it. Go on only if you have just started the right one yourself."}
	case c.Host() == "":
		return &Message{Kind: "warn", Text: "Your answer goes to an app on this device. Go on only if you have just used it yourself."}
	}
	return nil
}

// Unchecked returns the notice about an app that nobody has checked; nil for a verified one, and where
// that is not known.
func (c Consent) Unchecked() *Message {
	switch {
	case c.Document != "":
		return &Message{Kind: "warn", Text: "Nobody here has checked this app. It describes itself: what is in quotes is the name that it gave itself."}
	case !c.Identity.Known || c.Identity.Verified:
		return nil
	case c.Device == nil && c.Host() != "":
		return &Message{Kind: "warn", Text: "Nobody here has checked who made this app. Go on only if you came from %s yourself.", Names: []string{c.Host()}}
	}
	return &Message{Kind: "warn", Text: "Nobody here has checked who made this app."}
}

// DenyStays reports whether a denial leads to a page of ours, with a button that returns to the app, as
// for every app that nobody has checked (RFC 9700 §4.11.2).
func (c Consent) DenyStays() bool { return c.Unchecked() != nil }

// Facts returns where an app that describes itself does so, and where it takes the user.
func (c Consent) Facts() []Fact {
	to := strings.TrimPrefix(strings.TrimPrefix(c.Origin, "https://"), "http://")
	return []Fact{{Label: "Its description", Text: c.Document, Code: true}, {Label: "Takes you to", Text: to, Code: true}}
}

// NoWorkspace returns the notice for a user without a workspace.
func (Consent) NoWorkspace() Message {
	return Message{Kind: "warn", Text: "You are not a member of any workspace, so there is nothing that you could share. The people who run this service can add you to one."}
}

// Notice is the data of problem.html: a page with one message.
type Notice struct {
	// Status is 0 for 200.
	Status int
	// Heading is "This did not work" when empty. App stands in it in the place of %s.
	Heading string
	// App is the name of the client concerned: untrusted text, empty for none.
	App  string
	Text string
	// Names stand in the text in the places of %s: untrusted text.
	Names []string
	// English says that the last of Names is a sentence in English.
	English bool
	// Wait is the time of the next attempt; nil where there is none to wait for.
	Wait *Wait
	// Workspace is the name of the workspace concerned, untrusted text, and At the time of the
	// decision; empty and zero for none.
	Workspace string
	At        time.Time
	// Known is a statement about what certainly happened or did not, such as that nothing was
	// shared; empty for none.
	Known string
	// Link is the link to continue with; the connected apps where it is zero and there is no
	// Repeat.
	Link Link
	// Repeat is a form to continue with.
	Repeat *Repeat
	// Tell is the client's publisher, whom the user may tell; zero for none.
	Tell Contact
	// Author is the address of the request in the log of the client, for its author; empty for none.
	Author string
	// Technical is the part of the message for the client's author, which is folded; empty for none.
	Technical string
	// Reference is the request ID; empty for the one of this request, which Pages.Notice sets then.
	Reference string
	// Preferred is View.Preferred.
	Preferred string
}

// Contact is the publisher of a client with its home page: untrusted text.
type Contact struct{ Address, Name string }

// Shown reports whether there is a page to link to.
func (c Contact) Shown() bool { return hostOf(c.Address) != "" && c.Name != "" }

// Named reports whether the heading has the name of the client.
func (n Notice) Named() bool { return strings.Contains(n.Heading, "%s") }

// Facts returns the decision's workspace and time, where they are known.
func (n Notice) Facts() []Fact {
	var facts []Fact
	if n.Workspace != "" {
		facts = append(facts, Fact{Label: "Workspace", Text: n.Workspace})
	}
	if !n.At.IsZero() {
		facts = append(facts, Fact{Label: "Answered", At: n.At})
	}
	return facts
}

// Link is a link to the next step. Host stands in the text, in the place of %s; empty for none.
type Link struct{ Address, Text, Host string }

// Repeat is a form with one button, which sends a decision.
type Repeat struct {
	// Action is the path that takes the form.
	Action, CSRF, Decision string
	// Fields are the other values of the form: untrusted text, one of each name.
	Fields url.Values
	// Text is the button's label. Name stands in it in the place of %s; empty for none.
	Text, Name string
}

// User is a signed-in user; both are untrusted text.
type User struct{ Name, Email string }

// Workspace is a workspace to choose.
type Workspace struct {
	ID string
	// Name is untrusted text.
	Name string
	// Plan is the plan's name, and Role the user's role in the workspace.
	Plan, Role string
	// Chosen selects it, and Disabled makes it impossible to choose.
	Chosen, Disabled bool
	// Connected says that the app has access in it.
	Connected bool
	// Badge marks it; nil for no mark.
	Badge *Badge
	// Closed is the id of the section that says what to do about a disabled one; empty for none.
	Closed string
}

// Apps is the data of apps.html.
type Apps struct {
	CSRF string
	User User
	Apps []App
	// Find is the user's search, which Apps match.
	Find string
	// Searchable shows the search: there are more apps than one looks through.
	Searchable bool
	// Done says what was done; nil for nothing.
	Done  *Message
	Fault Fault
}

// None returns the empty state.
func (a Apps) None() Empty {
	if a.Find != "" {
		return Empty{
			Heading: "No connected app has such a name", Text: "Names are searched as the apps gave them.",
			Link: Link{Address: "/account/connected-apps", Text: "Show all apps"},
		}
	}
	return Empty{Heading: "No app is connected", Text: "An app asks you before it uses a workspace of yours. Once you allow it, it is listed here."}
}

// App is a connected app.
type App struct {
	ClientID string
	// Name is untrusted text.
	Name string
	// Identity is what is known of the app besides its name.
	Identity   Identity
	Workspaces []AppWorkspace
	// First is the time of the first approval, and Approved of the latest.
	First, Approved time.Time
	// Changed says how the app differs from when the user approved it; nil where it does not.
	Changed Changes
	// Installations are those of an app that shares its identifier among them.
	Installations []Installation
	// Used is the time of the last use; zero if never.
	Used time.Time
	// Lifetimes are how long its access lasts; zero where that is not known.
	Lifetimes oauth.GrantLifetimes
	// Now is the time at which the page is shown.
	Now time.Time
}

// AppWorkspace holds an app's permissions in one workspace.
type AppWorkspace struct {
	// ID is the workspace's identifier, and Name untrusted text.
	ID, Name    string
	Permissions []PermissionGroup
}

// Facts returns when the app was approved and used.
func (a App) Facts() []Fact {
	facts := appFacts(a.Identity)
	if host := hostOf(a.Identity.Address); host != "" && len(facts) == 0 {
		facts = append(facts, Fact{Label: "Its website", Text: host, Address: a.Identity.Address})
	}
	if !a.First.IsZero() && a.Approved.Sub(a.First) >= time.Minute { // times are shown to the minute
		facts = append(facts, Fact{Label: "First approved", At: a.First}, Fact{Label: "Last approved", At: a.Approved})
	} else {
		facts = append(facts, Fact{Label: "Approved", At: a.Approved})
	}
	facts = append(facts, Fact{Label: "Last used", At: a.Used, Phrase: "Not used yet."})
	if a.Lifetimes != (oauth.GrantLifetimes{}) {
		facts = append(facts, Fact{Label: "Ends by itself", Ending: a.ending()})
	}
	facts = append(facts, Fact{Label: "Client id", Text: a.ClientID, Code: true})
	if a.Identity.Known && !a.Identity.Verified {
		facts = append(facts, Fact{Label: "Checked", Phrase: "Nobody here has checked who made this app."})
	}
	return facts
}

// Tile returns the app's logo.
func (a App) Tile() Tile { return Tile{Name: a.Name, Logo: a.Identity.Logo} }

// Several reports whether the app may use more than one workspace.
func (a App) Several() bool { return len(a.Workspaces) > 1 }

// Summary returns what the app may do in all of its workspaces; empty where a permission's access
// is not known.
func (a App) Summary() string {
	summary := "Can view"
	for _, ws := range a.Workspaces {
		for _, group := range ws.Permissions {
			for _, p := range group.Permissions {
				switch {
				case p.Changes:
					summary = "Can view and change"
				case !p.Reads:
					return ""
				}
			}
		}
	}
	return summary
}

// unusedDays is the number of days without use from which on an app is marked.
const unusedDays = 90

// UnusedMonths returns the months since the last use, or since the approval of an app that was never
// used; 0 for less than 90 days.
func (a App) UnusedMonths() int {
	last := a.Used
	if last.IsZero() {
		last = a.Approved
	}
	days := daysBetween(last, a.Now)
	if days < unusedDays {
		return 0
	}
	return days / 30
}

// Demo is the data of demo.html.
type Demo struct {
	AuthorizeURL string
	Code, Error  string
	Description  string
	State        string
	Curl         string
}

// Facts returns the parameters that the example client received.
func (d Demo) Facts() []Fact {
	var facts []Fact
	for _, f := range []Fact{{Label: "code", Text: d.Code, Code: true}, {Label: "error", Text: d.Error, Code: true}, {Label: "state", Text: d.State, Code: true}} {
		if f.Text != "" {
			facts = append(facts, f)
		}
	}
	return facts
}

// Home is the data of home.html, the tour of a development server.
type Home struct {
	AuthorizeURL string
	// Facts are the example account.
	Facts []Fact
	// Stops are the parts of the tour.
	Stops []DocsGroup
	// Curl is a request to the API.
	Curl string
}
