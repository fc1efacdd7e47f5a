package page

import "time"

// Fault is the error message of a form that is shown again.
type Fault struct {
	// Text is the message; empty for none.
	Text string
	// Field is the id of the invalid input element; empty where the error is not about one.
	Field string
	// Reference is the ID of the request that failed; empty where the user's input was wrong.
	Reference string
}

// SignIn is the data of signin.html.
type SignIn struct {
	CSRF, Request string
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
	// Origin is the origin of the redirect URI.
	Origin      string
	Person      string
	Email       string
	Scopes      []Scope
	Workspaces  []Workspace
	Fault       Fault
	WorkspaceID string
}

// Notice is the data of problem.html: a page with one message.
type Notice struct {
	// Status is 0 for 200.
	Status int
	// Heading is "This did not work" when empty.
	Heading string
	// App is the name of the client concerned: untrusted text, empty for none.
	App  string
	Text string
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
	// Reference is the request ID, which Pages.Notice sets.
	Reference string
}

// Link is a link to the next step.
type Link struct{ Address, Text string }

// Repeat is a form that sends a decision again.
type Repeat struct {
	CSRF, Request, Decision, WorkspaceID string
	// Text is the button's label.
	Text string
}

// Scope is a permission with its description for users.
type Scope struct{ Name, Description string }

// Workspace is a workspace to choose.
type Workspace struct {
	ID string
	// Name is untrusted text.
	Name string
	// Plan is the plan's name, and Role the user's role in the workspace.
	Plan, Role string
}

// Apps is the data of apps.html.
type Apps struct {
	CSRF          string
	Person, Email string
	Apps          []App
	// Disconnected is true after an app was disconnected.
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
	// Used is the time of the last use; zero if never.
	Used time.Time
}

// AppWorkspace holds an app's scopes in one workspace.
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
