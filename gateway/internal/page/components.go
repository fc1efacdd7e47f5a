package page

import "time"

// Components are the components of a page in every state, in one direction of writing.
type Components struct {
	Direction   string
	Names       []string
	Badges      []Badge
	Notices     []Message
	Tiles       []Tile
	User        User
	Workspaces  []Workspace
	Permissions []PermissionGroup
	Facts       []Fact
	Figures     []Fact
	Differences []Difference
	Empties     []Empty
	Fields      []Field
	Charts      []HourChart
	Entries     []DocsEntry
}

// ExampleComponents returns the components with example data, from left to right and from right to
// left: the data of components.html, a page of the development server.
func ExampleComponents() []Components {
	section := Components{
		Direction: "ltr", Names: []string{"Northwind Captions", "字幕スタジオ・プロ", "رواية المونتاج", "Reelworks Batch"},
		Tiles: []Tile{{Name: "Northwind Captions"}, {Name: "Reelworks Batch"}},
		User:  User{Name: "John Doe", Email: "john.doe@gmail.com"},
		Facts: []Fact{
			{Label: "Text", Text: "Acme Studio"},
			{Label: "Identifier", Text: "vdo_client_abc123", Code: true},
			{Label: "Time", At: exampleTime()},
		},
		Figures: []Fact{{Label: "Requests", Text: "18,204"}, {Label: "Refused", Text: "49", Phrase: "0.27 %"}, {Label: "People", Text: "1,312"}},
		Differences: []Difference{
			{Label: "Sent", Parts: []DifferencePart{{Text: "https://yourapp.com/callback"}, {Text: "/", Marked: true}}},
			{Label: "Registered", Parts: []DifferencePart{{Text: "https://yourapp.com/callback"}}},
		},
		Empties: []Empty{Apps{}.None(), Apps{Find: "x"}.None()},
	}
	for _, kind := range []string{"", "ok", "warn", "danger"} {
		section.Badges = append(section.Badges, Badge{Kind: kind, Text: "Badge"})
		section.Notices = append(section.Notices, Message{Kind: kind, Text: "A notice says what is, and what to do."})
	}
	section.Workspaces = exampleWorkspaces()
	section.Permissions = examplePermissions()
	section.Charts = []HourChart{exampleChart(0), exampleChart(31)}
	section.Entries = []DocsEntry{{Link: Link{Address: "/docs/quick-start", Text: "Quick start"}, Summary: "A first flow in five minutes"}}
	section.Fields = exampleFields("ltr")
	mirrored := section
	mirrored.Direction, mirrored.Fields = "rtl", exampleFields("rtl")
	return []Components{section, mirrored}
}

func exampleTime() time.Time { return time.Date(2026, time.March, 3, 9, 12, 0, 120e6, time.UTC) }

// exampleChart returns a day in which so many requests were refused, most of them in its middle.
func exampleChart(refused int64) HourChart {
	chart := HourChart{Partial: refused > 0}
	for i := range int64(24) {
		hour := Hour{From: exampleTime().Add(time.Duration(i) * time.Hour), Granted: i * (24 - i)}
		if i%12 == 0 {
			hour.Refused = refused * i / 12
		}
		chart.Hours = append(chart.Hours, hour)
	}
	return chart
}

// exampleFields returns fields whose identifiers have a suffix.
func exampleFields(suffix string) []Field {
	return []Field{
		{ID: "plain-" + suffix, Label: "Name", Max: 100},
		{ID: "hint-" + suffix, Label: "New address", Placeholder: "https://yourapp.com/callback", Hint: "Where people come back to. Not needed on a TV, on a command line or without a person."},
	}
}

func exampleWorkspaces() []Workspace {
	return []Workspace{
		{ID: "ws_acme", Name: "Acme Studio", Plan: "pro", Role: "administrator", Chosen: true, Badge: &Badge{Text: "Connected"}},
		{ID: "ws_doe", Name: "Doe Family", Plan: "free", Role: "member"},
		{ID: "ws_harbor", Name: "Harbor Films", Plan: "pro", Role: "member", Disabled: true},
	}
}

func examplePermissions() []PermissionGroup {
	return []PermissionGroup{
		{Permissions: []Permission{{Name: "other", Description: "A permission of a catalog without groups"}}},
		{Name: "Videos", Permissions: []Permission{
			{Name: "videos:read", Description: "View videos in the workspace", Reads: true},
			{Name: "videos:write", Description: "Upload and modify videos", Changes: true},
		}},
		{Name: "Tools", Permissions: []Permission{{Name: "tools:write", Description: "Execute tools", Changes: true, Sensitive: true}}},
		{Name: "Captions", Permissions: []Permission{
			{Name: "captions:write", Description: "Write captions", Changes: true, Optional: true},
			{Name: "export:write", Description: "Export videos", Changes: true, Optional: true, Declined: true},
		}},
	}
}
