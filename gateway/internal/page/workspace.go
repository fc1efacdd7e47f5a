package page

import (
	"net/url"
	"slices"
	"time"
)

// Workspaceframe is what every page about a workspace has. The pages' data embed it.
type Workspaceframe struct {
	CSRF string
	// Action is the path of the page, to which its forms are posted, and Base the one of the workspace's
	// pages.
	Action, Base string
	// ID is the workspace's, and Name untrusted text; Plan is its plan's name.
	ID, Name, Plan string
	// Done says what was done; nil for nothing.
	Done  *Message
	Fault Fault
}

// workspacePath returns the path of a page about a workspace.
func workspacePath(id, section string) string {
	return "/workspaces/" + url.PathEscape(id) + "/" + section
}

// WorkspaceList is the data of wslist.html: the workspaces that the user administers.
type WorkspaceList []Workspaceframe

// None returns the empty state.
func (WorkspaceList) None() Empty {
	return Empty{
		Heading: "You administer no workspace", Text: "The people who run this service can give you the role.",
		Link: Link{Address: "/account/connected-apps", Text: "Go to your connected apps"},
	}
}

// WorkspaceApps is the data of wsapps.html: the apps that members connected.
type WorkspaceApps struct {
	Workspaceframe
	Apps []WorkspaceApp
	// Searchable shows the search for Find, which is untrusted text.
	Searchable bool
	Find       string
	// Next is the address of the next page; empty on the last one.
	Next string
}

// None returns the empty state.
func (a WorkspaceApps) None() Empty {
	if a.Find != "" {
		return Empty{
			Heading: "No connected app has such a name", Text: "Names are searched as the apps gave them.",
			Link: Link{Address: a.Action, Text: "Show all apps"},
		}
	}
	return Empty{Heading: "No app is connected", Text: "Once a member connects an app to this workspace, it is listed here."}
}

// WorkspaceApp is an app that members connected.
type WorkspaceApp struct {
	ClientID string
	// Name is untrusted text.
	Name        string
	Identity    Identity
	People      int64
	Permissions []PermissionGroup
	Used        time.Time
	Approved    bool
	// Typed is the input of the form that ends it: untrusted text. Wrong says that it is not the name.
	Typed string
	Wrong bool
}

// Tile returns the app's logo.
func (a WorkspaceApp) Tile() Tile { return Tile{Name: a.Name, Logo: a.Identity.Logo} }

// Facts returns what is known of the app.
func (a WorkspaceApp) Facts() []Fact {
	facts := appFacts(a.Identity)
	facts = append(facts, Fact{Label: "Last used", At: a.Used}, Fact{Label: "Client id", Text: a.ClientID, Code: true})
	if a.Approved {
		return append(facts, Fact{Label: "Approved here", Phrase: "By an administrator of this workspace"})
	}
	return facts
}

// appFacts returns who publishes an app.
func appFacts(i Identity) []Fact {
	if i.Publisher == "" {
		return nil
	}
	made := Fact{Label: "Made by", Text: i.Publisher}
	if hostOf(i.Address) != "" {
		made.Address = i.Address
	}
	return []Fact{made}
}

// WorkspacePolicy is the data of wspolicy.html: who may connect apps, and what members asked for.
type WorkspacePolicy struct {
	Workspaceframe
	Rules []Choice
	// ApprovalsCount says that members may connect approved apps, and those alone.
	ApprovalsCount bool
	SetBy          string
	SetAt          time.Time
	Waiting        []WorkspaceRequest
	Decided        []WorkspaceRequest
	Approved       []WorkspaceApproval
	// Next is the address of the next page of requests; empty on the last one.
	Next string
}

// Facts returns who set the policy; nil where none was set.
func (p WorkspacePolicy) Facts() []Fact {
	if p.SetAt.IsZero() {
		return nil
	}
	return []Fact{{Label: "Set", At: p.SetAt}, byPerson("Set by", p.SetBy)}
}

// byPerson returns the fact of who did something: an untrusted name, or the operator for an empty one.
func byPerson(label, name string) Fact {
	if name == "" {
		return Fact{Label: label, Phrase: "The operator"}
	}
	return Fact{Label: label, Text: name}
}

// WorkspaceRules returns the rules to choose from.
func WorkspaceRules(chosen string) []Choice {
	rules := []Choice{
		{Value: "anyone", Text: "Every member may connect every app", Why: "Each member decides alone."},
		{Value: "approved", Text: "Members may connect approved apps", Why: "For any other app they can ask you, with a reason."},
		{Value: "nobody", Text: "No app may be connected", Why: "Apps that are connected stay so until they are ended."},
	}
	for i := range rules {
		rules[i].Chosen = rules[i].Value == chosen
	}
	return rules
}

// WorkspaceRequest is a member's request for an app. The texts and names are untrusted.
type WorkspaceRequest struct {
	ClientID, Name, Person, Reason string
	Identity                       Identity
	// Permissions are those that the app may ask for; nil where they are not known, and of an answered request.
	Permissions []PermissionGroup
	At          time.Time
	// Typed is the input of the form with the answer; Wrong says that it was refused.
	Typed string
	Wrong bool
	// Approved and what follows are of the decision.
	Approved   bool
	Answer, By string
	Decided    time.Time
}

// Tile returns the app's logo.
func (r WorkspaceRequest) Tile() Tile { return Tile{Name: r.Name, Logo: r.Identity.Logo} }

// Facts returns what is known of the request.
func (r WorkspaceRequest) Facts() []Fact {
	facts := append(appFacts(r.Identity), Fact{Label: "Asked by", Text: r.Person}, Fact{Label: "Asked", At: r.At}, Fact{Label: "Client id", Text: r.ClientID, Code: true})
	if !r.Identity.Verified {
		facts = append(facts, Fact{Label: "Checked", Phrase: "Nobody here has checked who made this app."})
	}
	if r.Decided.IsZero() {
		return facts
	}
	return append(facts, Fact{Label: "Answered", At: r.Decided}, byPerson("Answered by", r.By))
}

// Badge returns what became of the request.
func (r WorkspaceRequest) Badge() Badge {
	if r.Approved {
		return Badge{Kind: "ok", Text: "Was approved"}
	}
	return Badge{Kind: "danger", Text: "Refused"}
}

// WorkspaceApproval is an approved app.
type WorkspaceApproval struct {
	ClientID string
	// Name and By are untrusted text.
	Name, By string
	Identity Identity
	At       time.Time
}

// Tile returns the app's logo.
func (a WorkspaceApproval) Tile() Tile { return Tile{Name: a.Name, Logo: a.Identity.Logo} }

// Facts returns who approved the app.
func (a WorkspaceApproval) Facts() []Fact {
	return []Fact{{Label: "Approved here", At: a.At}, byPerson("Approved by", a.By), {Label: "Client id", Text: a.ClientID, Code: true}}
}

// WorkspaceKeys is the data of wskeys.html: the API keys.
type WorkspaceKeys struct {
	Workspaceframe
	// Secret is a new key, which is shown once; empty for none.
	Secret string
	Keys   []WorkspaceKey
	// KeyName, Addresses and Lifetime are the input of the form, which is untrusted text, and Scopes its
	// permissions.
	KeyName, Addresses, Lifetime string
	Scopes                       []PermissionGroup
	// Next is the address of the next page; empty on the last one.
	Next string
}

// Lifetimes returns the lifetimes to choose from, in days.
func (k WorkspaceKeys) Lifetimes() []Choice {
	list := []Choice{{Value: "0", Text: "Never"}, {Value: "30", Text: "In 30 days"}, {Value: "90", Text: "In 90 days"}, {Value: "365", Text: "In a year"}}
	for i := range list {
		list[i].Chosen = list[i].Value == k.Lifetime
	}
	return list
}

// Limited reports whether the form that is shown again restricts the key.
func (k WorkspaceKeys) Limited() bool {
	chosen := slices.ContainsFunc(k.Scopes, func(g PermissionGroup) bool {
		return slices.ContainsFunc(g.Permissions, func(p Permission) bool { return !p.Declined })
	})
	return chosen || k.Addresses != "" || k.Fault.Field == "addresses" || k.Fault.Field == "limits"
}

// Overlaps returns for how long a replaced key may stay valid, in seconds.
func (WorkspaceKeys) Overlaps() []Choice {
	return []Choice{
		{Value: "86400", Text: "In 24 hours", Chosen: true}, {Value: "604800", Text: "In 7 days"}, {Value: "3600", Text: "In an hour"}, {Value: "0", Text: "Now"},
	}
}

// None returns the empty state.
func (WorkspaceKeys) None() Empty {
	return Empty{Heading: "No API key yet", Text: "A program without a user calls the API with one."}
}

// WorkspaceKey is an API key.
type WorkspaceKey struct {
	ID string
	// Name and By, who created it, are untrusted text.
	Name, By string
	// Shown is the beginning and the end of the key.
	Shown          string
	Live, Replaced bool
	Permissions    []PermissionGroup
	Addresses      []string
	Created, Used  time.Time
	// Ends and Revoked are zero for never.
	Ends, Revoked time.Time
}

// Badge returns the state of the key; nil for one that is live.
func (k WorkspaceKey) Badge() *Badge {
	switch {
	case !k.Revoked.IsZero():
		return &Badge{Kind: "danger", Text: "Revoked"}
	case !k.Live:
		return &Badge{Kind: "danger", Text: "Expired"}
	case k.Replaced:
		return &Badge{Kind: "warn", Text: "Replaced"}
	}
	return nil
}

// Facts returns what is known of the key.
func (k WorkspaceKey) Facts() []Fact {
	ends := Fact{Label: "Ends", At: k.Ends, Phrase: "Not by itself"}
	if !k.Revoked.IsZero() {
		ends = Fact{Label: "Revoked", At: k.Revoked}
	}
	facts := []Fact{
		{Label: "Key", Text: k.Shown, Code: true},
		{Label: "Created", At: k.Created},
		byPerson("Created by", k.By),
		{Label: "Last used", At: k.Used, Phrase: "Not used yet."},
		ends,
	}
	facts = append(facts, Fact{Label: "Key id", Text: k.ID, Code: true})
	for _, network := range k.Addresses {
		facts = append(facts, Fact{Label: "Only from", Text: network, Code: true})
	}
	return facts
}

// WorkspaceMembers is the data of wsmembers.html.
type WorkspaceMembers struct {
	Workspaceframe
	Members []WorkspaceMember
	// Count is how many there are; 0 where the page has not all of them.
	Count int
	// Searchable shows the search for Find, which is untrusted text.
	Searchable bool
	Find       string
	// Next is the address of the next page; empty on the last one.
	Next string
}

// None returns the empty state of a search.
func (m WorkspaceMembers) None() Empty {
	return Empty{
		Heading: "No member has such a name or address", Text: "A part of the name or of the e-mail address is enough.",
		Link: Link{Address: m.Action, Text: "Show all members"},
	}
}

// WorkspaceMember is a member; the name and the address are untrusted text.
type WorkspaceMember struct {
	Name, Email string
	// Role is a message.
	Role     string
	Disabled bool
}

// WorkspaceActivity is the data of wsactivity.html.
type WorkspaceActivity struct {
	Workspaceframe
	Events []WorkspaceEvent
	// Missing says that what happened cannot be read now.
	Missing bool
	// Next is the address of the next page; empty on the last one.
	Next string
}

// None returns the empty state.
func (a WorkspaceActivity) None() Empty {
	if a.Missing {
		return Empty{Heading: "The activity cannot be shown right now", Text: "Nothing is lost: try again in a moment."}
	}
	return Empty{Heading: "Nothing happened yet", Text: "Changes to the workspace, its members, keys and apps are listed here for a year."}
}

// WorkspaceEvent is something that happened. The texts and the names are untrusted.
type WorkspaceEvent struct {
	At time.Time
	// What is what happened, and By who did it.
	What Message
	By   Fact
	// Member is the name of the user whom it concerns; empty for the one who did it, and for none.
	Member string
	// Count is how many equal events it stands for; up to 1 for itself alone.
	Count int64
	// Facts are its identifiers and the fields that it changed, by their names for developers.
	Facts []Fact
}
