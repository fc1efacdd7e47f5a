package page

import "time"

// SignIn is the data of signin.html.
type SignIn struct {
	CSRF, Request string
	// Email is what was typed before.
	Email string
	// Problem is why the page is shown again; empty at first.
	Problem string
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
	Problem     string
	WorkspaceID string
}

// Scope is a permission as people read it.
type Scope struct{ Name, Description string }

// Workspace is one to choose.
type Workspace struct{ ID, Name string }

// Apps is the data of apps.html.
type Apps struct {
	CSRF          string
	Person, Email string
	Apps          []App
	// Disconnected says that one was just ended.
	Disconnected bool
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
