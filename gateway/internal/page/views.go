package page

import "time"

// Fault is why a page is shown again.
type Fault struct {
	// Text is the sentence; empty for none.
	Text string
	// Field is the id of the field that it is about; empty when it is about none.
	Field string
	// Reference is the id of the request that failed; empty when nothing but the person's answer was wrong.
	Reference string
}

// SignIn is the data of signin.html.
type SignIn struct {
	CSRF, Request string
	// App is who asks, untrusted text, and Origin where the answer goes; empty without a request.
	App, Origin string
	// Email is what was typed before, or what the client expects: untrusted text.
	Email string
	// Again says that the person is signed in and is asked to prove it once more.
	Again bool
	// Person and PersonEmail are who is signed in, where the client asks for a choice of account.
	Person, PersonEmail string
	Fault               Fault
}

// Consent is the data of consent.html.
type Consent struct {
	CSRF, Request string
	// App is untrusted text.
	App string
	// Origin is where the answer goes.
	Origin      string
	Person      string
	Email       string
	Scopes      []Scope
	Workspaces  []Workspace
	Fault       Fault
	WorkspaceID string
}

// Notice is the data of problem.html: a page that says one thing.
type Notice struct {
	// Status is 0 for 200.
	Status int
	// Heading is "This did not work" when empty.
	Heading string
	// App is whom it is about: untrusted text, empty for none.
	App  string
	Text string
	// Workspace is the name of the workspace that it is about, untrusted text, and At when it happened; empty and zero for none.
	Workspace string
	At        time.Time
	// Known is what is known for certain to have happened or not, such as that nothing was shared; empty for nothing.
	Known string
	// Link leads on; the connected apps when it is zero and there is no Repeat.
	Link Link
	// Repeat leads on by a form.
	Repeat *Repeat
	// Reference is the request's id, which Pages.Notice fills in.
	Reference string
}

// Link is one next step.
type Link struct{ Address, Text string }

// Repeat sends a decision once more.
type Repeat struct {
	CSRF, Request, Decision, WorkspaceID string
	// Text is the button's.
	Text string
}

// Scope is a permission as people read it.
type Scope struct{ Name, Description string }

// Workspace is one to choose.
type Workspace struct {
	ID string
	// Name is untrusted text.
	Name string
	// Plan is the plan's name, and Role what the person may do in it.
	Plan, Role string
}

// Apps is the data of apps.html.
type Apps struct {
	CSRF          string
	Person, Email string
	Apps          []App
	// Disconnected says that one was just ended.
	Disconnected bool
	Fault        Fault
}

// App is a connected app.
type App struct {
	ClientID string
	// Name is untrusted text.
	Name       string
	Workspaces []AppWorkspace
	Approved   time.Time
	// Used is zero if never.
	Used time.Time
}

// AppWorkspace is what the app may do in one workspace.
type AppWorkspace struct {
	Name   string
	Scopes []string
}

// Demo is the data of demo.html and home.html.
type Demo struct {
	AuthorizeURL string
	Code, Error  string
	Description  string
	State        string
	Curl         string
}
