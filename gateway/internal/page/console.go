package page

import "time"

// Console is what every page about a client of the developer console has. The pages' data embed it.
type Console struct {
	CSRF string
	Head AppHead
	// Action is the path of the page, to which its forms are posted.
	Action string
	// Done says what was done; nil for nothing.
	Done  *Message
	Fault Fault
}

// AppHead is the data of the partial "apphead".
type AppHead struct {
	// Base is the path of the client's pages.
	Base, ClientID string
	// Name is untrusted text, and Logo the hash of the logo.
	Name, Logo string
	// Kind is where the client runs: a message.
	Kind  string
	Badge Badge
	// Unseen says that no user ever connects it: it acts for itself.
	Unseen bool
	// Checked says that the operator has verified the client.
	Checked bool
}

// Tile returns the client's logo.
func (a AppHead) Tile() Tile { return Tile{Name: a.Name, Logo: a.Logo} }

// ConsoleApps is the data of devapps.html: the clients of the user's workspaces.
type ConsoleApps struct {
	Apps []ConsoleApp
	// Several shows the workspace of each client.
	Several bool
	// May says that there is a workspace in which the user may register clients.
	May bool
}

// ConsoleApp is a client in the list.
type ConsoleApp struct {
	AppHead
	// Workspace is untrusted text.
	Workspace string
	// People is how many people connected it. MorePeople says that there are more.
	People     int64
	MorePeople bool
	// Limit is how many people may connect it; 0 for any number.
	Limit int64
	// Refused is how many requests were refused in the last day; -1 where that is not known. MoreRefused
	// says that there were more.
	Refused     int64
	MoreRefused bool
}

// None returns the empty state.
func (c ConsoleApps) None() Empty {
	if !c.May {
		return Empty{
			Heading: "You develop in no workspace", Text: "Administrators and developers of a workspace register its apps. The people who run this service can give you the role.",
			Link: Link{Address: "/docs", Text: "Read the documentation"},
		}
	}
	return Empty{
		Heading: "No app yet", Text: "Register an app to get a client id. Until it is approved, only you and your testers can connect it.",
		Link: Link{Address: "/developers/apps/new", Text: "Register an app"}, Primary: true,
	}
}

// ConsoleForm is the data of devnew.html and devabout.html: a client as its team describes it.
type ConsoleForm struct {
	Console
	// Kinds are where a client can run, and Workspaces those that can own it.
	Kinds      []Choice
	Workspaces []Choice
	Inputs     []Field
	// Redirect is the first redirect address.
	Redirect Field
	Scopes   []PermissionGroup
	// Several asks for the workspace.
	Several bool
	// Waits says that the client waits for a review.
	Waits bool
}

// Choice is an entry of a selection, or a radio button with its explanation; Text and Why are messages
// unless Name is set, which is shown as it is and is untrusted text.
type Choice struct {
	Value, Text, Why, Name string
	Chosen                 bool
}

// Field is the data of the partial "textfield": a field of a form for a line of text.
type Field struct {
	// ID is the element's, and the name of the field. Label and Hint are messages.
	ID, Label, Hint string
	// Value is untrusted text.
	Value string
	// Type is that of the element; empty for text.
	Type     string
	Max      int
	Required bool
	Invalid  bool
	// Placeholder is an example; empty for none.
	Placeholder string
	// Autocomplete is the kind of value that a browser may fill in; empty for none.
	Autocomplete string
}

// ConsoleOverview is the data of devoverview.html.
type ConsoleOverview struct {
	Console
	Figures []Fact
	// Cause is the main cause of refusals; nil for none.
	Cause *MainCause
	Start []Snippet
}

// MainCause is the cause of most of the refused requests.
type MainCause struct {
	// Count is how many of the Refused ones have it. More says that there were more than these.
	Count, Refused int64
	More           bool
	// The explanation of the cause is What: a message, or English text where English is true.
	What    string
	English bool
	// Address is the list of the requests that have it.
	Address string
}

// Snippet is an example of code.
type Snippet struct {
	// Title is the name of a library.
	Title string
	// Before is a message above the code; empty for none.
	Before string
	Code   string
}

// ConsoleCredentials is the data of devcredentials.html.
type ConsoleCredentials struct {
	Console
	// Secret is a new secret, which is shown once; empty for none.
	Secret  string
	Secrets []ConsoleSecret
	// Newest is the identifier of the newest secret.
	Newest string
	Keys   []ConsoleKey
	// Tested are the keys that were read from Address just now; TestedNow says that they were.
	Tested    []ConsoleKey
	TestedNow bool
	// Address is where the client publishes its keys; empty for registered ones.
	Address string
	// Public says that the client has no credentials, and UsesKeys that it authenticates with keys.
	Public, UsesKeys bool
	// TypedKey is the input of the form of keys, and Overlap that of the form of secrets.
	TypedKey, TypedAddress, Overlap string
}

// Overlaps returns for how long a replaced secret may stay valid, in seconds.
func (c ConsoleCredentials) Overlaps() []Choice {
	list := []Choice{
		{Value: "86400", Text: "in 24 hours"}, {Value: "3600", Text: "in one hour"}, {Value: "604800", Text: "in 7 days"}, {Value: "0", Text: "now"},
	}
	for i := range list {
		list[i].Chosen = list[i].Value == c.Overlap
	}
	return list
}

// Full reports whether there are as many secrets as there may be.
func (c ConsoleCredentials) Full() bool { return len(c.Secrets) > 1 }

// ConsoleSecret is a secret of a client.
type ConsoleSecret struct {
	ID, LastFour string
	// By is who created it: a message.
	By      string
	Created time.Time
	// Used is when the client last authenticated with it; zero for never, and for long ago.
	Used time.Time
	// Ends is when it ends; zero for never.
	Ends time.Time
	// New says that it was created in the last 90 days.
	New bool
	// Only says that it is the last one.
	Only bool
}

// Facts returns what is known of the secret.
func (s ConsoleSecret) Facts() []Fact {
	return []Fact{
		{Label: "Created", At: s.Created},
		{Label: "Created by", Phrase: s.By},
		{Label: "Last used", At: s.Used, Phrase: s.unused()},
		{Label: "Ends", At: s.Ends, Phrase: "Not by itself"},
	}
}

// unused returns what is known of a secret without a last use, which is stored for 90 days.
func (s ConsoleSecret) unused() string {
	if s.New {
		return "Not used yet."
	}
	return "Not used in the last 90 days."
}

// ConsoleKey is a public key of a client.
type ConsoleKey struct {
	ID, Name, Type      string
	Created, Ends, Used time.Time
	// Only says that it is the last one.
	Only bool
}

// Facts returns what is known of the key.
func (k ConsoleKey) Facts() []Fact {
	facts := []Fact{{Label: "Key id", Text: k.ID, Code: true}, {Label: "Type", Text: k.Type, Code: true}}
	for _, f := range []Fact{{Label: "Created", At: k.Created}, {Label: "Ends", At: k.Ends}, {Label: "Last used", At: k.Used}} {
		if !f.At.IsZero() {
			facts = append(facts, f)
		}
	}
	return facts
}

// ConsoleAddresses is the data of devaddresses.html.
type ConsoleAddresses struct {
	Console
	Addresses []ConsoleAddress
	// Typed is the address that was refused.
	Typed string
	// Review says what a new host means for the review of the client: a message; empty for nothing.
	Review string
}

// ConsoleAddress is a redirect address with its parts: untrusted text.
type ConsoleAddress struct {
	Address string
	Parts   []Fact
	Used    time.Time
	// Only says that it is the last one, and Confirm that it was used lately and asks once more.
	Only, Confirm bool
}

// ConsolePermissions is the data of devpermissions.html.
type ConsolePermissions struct {
	Console
	Groups []ConsoleScopes
}

// ConsoleScopes are the scopes that concern one kind of thing.
type ConsoleScopes struct {
	Name   string
	Scopes []ConsoleScope
}

// ConsoleScope is a scope as a client may ask for it.
type ConsoleScope struct {
	Name, Description        string
	Asked, Optional, Default bool
	// Unused says that it was not granted for 30 days.
	Unused bool
}

// Use returns how the client asks for it.
func (s ConsoleScope) Use() string {
	switch {
	case s.Optional:
		return "optional"
	case s.Asked:
		return "asked"
	}
	return ""
}

// ConsolePreview is the data of devconsent.html.
type ConsolePreview struct {
	Console
	// Unseen says that no user ever sees the page.
	Unseen  bool
	Consent Consent
}

// ConsoleTeam is the data of devteam.html.
type ConsoleTeam struct {
	Console
	// Workspace is untrusted text.
	Workspace, WorkspaceID string
	Testers                []ConsoleTester
	// Typed is the address that was refused.
	Typed string
	Live  bool
}

// ConsoleTester is a tester.
type ConsoleTester struct {
	Email string
	Added time.Time
}

// ConsoleStatus is the data of devstatus.html.
type ConsoleStatus struct {
	Console
	// Text says who can connect the client, and Next what comes next; empty for nothing.
	Text, Next string
	// Note is what the reviewer wrote: untrusted text.
	Note      string
	Submitted time.Time
	// Submit and Withdraw are the buttons that the page has.
	Submit, Withdraw bool
	// Missing is what a reviewer would ask for: messages.
	Missing []string
}

// ConsoleManifest is the data of devmanifest.html.
type ConsoleManifest struct {
	Console
	// Text is the manifest of the registration, or the one that was refused.
	Text string
}
