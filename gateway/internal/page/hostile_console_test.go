package page_test

import (
	"html"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/gateway/internal/page"
)

// hostileConsole returns the pages of the developer console with one name in every place that has text from
// outside.
func hostileConsole(name string) map[string]page.View {
	at := time.Date(2026, 3, 1, 9, 5, 0, 0, time.UTC)
	head := page.Console{
		CSRF: "token", Action: "/developers/apps/app", Fault: page.Fault{Text: "Character %s of the address is “%s”, which is not ASCII. Write a host name in its form xn--…, and anything else percent-encoded.", Names: []string{"1", name}, Detail: name},
		Head: page.AppHead{Base: "/developers/apps/app", ClientID: "app", Name: name, Kind: "On a server", Badge: page.Badge{Text: "Draft"}},
	}
	frame := &page.Frame{Person: name, CSRF: "token", Menu: []page.MenuGroup{{Name: name, Entries: []page.MenuEntry{{Address: "/developers", Text: "Your apps"}}}}}
	view := func(template string, data any) page.View {
		return page.View{Template: template, Title: "Overview", TitleName: name, Frame: frame, Data: data}
	}
	fact := []page.Fact{{Label: "Scheme", Text: name, Code: true}, {Label: "Host", Text: name}}
	return map[string]page.View{
		"console list": view("devapps", page.ConsoleApps{May: true, Several: true, Apps: []page.ConsoleApp{{AppHead: head.Head, Workspace: name}}}),
		"console new": view("devnew", page.ConsoleForm{
			Console: head, Several: true, Workspaces: []page.Choice{{Value: "ws_1", Name: name}},
			Kinds: []page.Choice{{Value: "server", Text: "On a server", Why: "A website or a backend, which can keep a secret."}},
		}),
		"console credentials": view("devcredentials", page.ConsoleCredentials{Console: head, UsesKeys: true, Keys: []page.ConsoleKey{{ID: "key", Name: name, Type: name}}}),
		"console addresses":   view("devaddresses", page.ConsoleAddresses{Console: head, Addresses: []page.ConsoleAddress{{Address: "https://app.test", Parts: fact}}}),
		"console requests": view("devrequests", page.ConsoleRequests{Console: head, Requests: []page.ConsoleRequest{{
			At: at, Since: at, What: "Redirect address is not registered", Method: "GET", Where: "/oauth/authorize", Facts: fact,
			Diff: []page.Difference{{Label: "You sent", Parts: []page.DifferencePart{{Text: name}, {Text: name, Marked: true}, {Text: name}}}},
		}}}),
		"console team":   view("devteam", page.ConsoleTeam{Console: head, Workspace: name, WorkspaceID: "ws_1"}),
		"console status": view("devstatus", page.ConsoleStatus{Console: head, Text: "Everybody can connect the app.", Note: name}),
		"console consent": view("devconsent", page.ConsolePreview{Console: head, Consent: page.Consent{
			App: name, Identity: page.Identity{Known: true, Publisher: name, Purpose: name}, Origin: "https://app.test", User: page.User{Name: name, Email: "john@example.com"},
			Workspaces: []page.Workspace{{ID: "ws_1", Name: name}},
		}}),
	}
}

// TestADifferenceShowsWhatCannotBeSeen: an address that differs by an invisible character.
func TestADifferenceShowsWhatCannotBeSeen(t *testing.T) {
	text := render(page.View{Template: "devrequests", Data: page.ConsoleRequests{Requests: []page.ConsoleRequest{{
		Diff: []page.Difference{{
			Label: "You sent", Parts: []page.DifferencePart{{Text: "https://app.test/"}, {Text: "\u200b", Marked: true}, {Text: "cb"}},
		}},
	}}}})
	if want := "https://app.test/<mark>[U+200B]</mark>cb"; !strings.Contains(html.UnescapeString(text), want) {
		t.Errorf("the page has no %s", want)
	}
}

// hostileWorkspaces returns the pages of a workspace likewise.
func hostileWorkspaces(name string) map[string]page.View {
	at := time.Date(2026, 3, 1, 9, 5, 0, 0, time.UTC)
	head := page.Workspaceframe{CSRF: "token", Action: "/workspaces/ws_1", Base: "/workspaces/ws_1", ID: "ws_1", Name: name, Plan: "pro"}
	identity := page.Identity{Known: true, Publisher: name, Purpose: name, Address: "https://app.test"}
	view := func(template string, data any) page.View {
		return page.View{Template: template, Title: "Overview", TitleName: name, Frame: &page.Frame{Person: name, CSRF: "token"}, Data: data}
	}
	asked := page.WorkspaceRequest{ClientID: "app", Name: name, Person: name, Reason: name, Identity: identity, At: at}
	answered := asked
	answered.Decided, answered.Answer, answered.By = at, name, name
	return map[string]page.View{
		"workspaces":     view("wslist", page.WorkspaceList{head}),
		"workspace apps": view("wsapps", page.WorkspaceApps{Workspaceframe: head, Apps: []page.WorkspaceApp{{ClientID: "app", Name: name, Identity: identity, Used: at}}}),
		"workspace policy": view("wspolicy", page.WorkspacePolicy{
			Workspaceframe: head, SetBy: name, SetAt: at, Waiting: []page.WorkspaceRequest{asked}, Decided: []page.WorkspaceRequest{answered},
			Approved: []page.WorkspaceApproval{{ClientID: "app", Name: name, By: name, At: at}},
		}),
		"workspace keys":    view("wskeys", page.WorkspaceKeys{Workspaceframe: head, Keys: []page.WorkspaceKey{{ID: "key", Name: name, By: name, Shown: "vdo_live_…", Live: true, Created: at}}}),
		"workspace members": view("wsmembers", page.WorkspaceMembers{Workspaceframe: head, Members: []page.WorkspaceMember{{Name: name, Email: name, Role: "Member"}}}),
		"workspace activity": view("wsactivity", page.WorkspaceActivity{Workspaceframe: head, Events: []page.WorkspaceEvent{{
			At: at, What: page.Message{Text: "%s was connected", Names: []string{name}}, By: page.Fact{Text: name}, Member: name,
			Facts: []page.Fact{{Label: "name", Text: name, Code: true}},
		}}}),
	}
}
