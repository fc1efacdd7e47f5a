package page

import (
	"strings"
	"time"

	"github.com/mileusna/useragent"
)

// Profile is the data of profile.html.
type Profile struct {
	CSRF string
	// Email is the user's address, which identity owns.
	Email string
	// FirstName, LastName and DisplayName are untrusted text.
	FirstName, LastName, DisplayName string
	// Language is a tag; empty for the browser's. TimeZone is a name; empty for UTC.
	Language, TimeZone string
	// Done says what was done; nil for nothing.
	Done  *Message
	Fault Fault
}

// Inputs returns the fields of the names.
func (p Profile) Inputs() []Field {
	inputs := []Field{
		{ID: "first_name", Label: "First name", Value: p.FirstName, Autocomplete: "given-name"},
		{ID: "last_name", Label: "Last name", Value: p.LastName, Autocomplete: "family-name"},
		{ID: "display_name", Label: "Name that is shown", Value: p.DisplayName, Autocomplete: "name"},
	}
	for i := range inputs {
		inputs[i].Max, inputs[i].Required, inputs[i].Invalid = 100, true, inputs[i].ID == p.Fault.Field
	}
	return inputs
}

// Languages returns the languages to choose from, each in its own name.
func (p Profile) Languages() []Choice {
	options := []Choice{{Value: "en", Name: "English"}, {Value: "de", Name: "Deutsch"}}
	base, _, _ := strings.Cut(p.Language, "-")
	for i := range options {
		options[i].Chosen = options[i].Value == base
	}
	return options
}

// Zones returns time zones to choose from: one for most offsets. Every other one can be typed.
func (Profile) Zones() []string {
	return []string{
		"America/Anchorage", "America/Bogota", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Mexico_City", "America/New_York",
		"America/Sao_Paulo", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "Asia/Dhaka", "Asia/Dubai", "Asia/Hong_Kong",
		"Asia/Jakarta", "Asia/Karachi", "Asia/Kolkata", "Asia/Riyadh", "Asia/Seoul", "Asia/Singapore", "Asia/Tehran", "Asia/Tokyo", "Australia/Perth",
		"Australia/Sydney", "Europe/Athens", "Europe/Berlin", "Europe/Istanbul", "Europe/Kyiv", "Europe/London", "Europe/Madrid", "Europe/Paris",
		"Pacific/Auckland", "Pacific/Honolulu",
	}
}

// Security is the data of security.html.
type Security struct {
	// Form is a random value, by which a second click is recognized.
	CSRF, Form string
	// Email is the user's address, for the browser's list of passwords.
	Email string
	// Stay says that the user unticked "sign out everywhere else".
	Stay bool
	// Done says what was done; nil for nothing.
	Done  *Message
	Fault Fault
}

// Activity is the data of activity.html.
type Activity struct {
	// Entries are the newest first.
	Entries []ActivityEntry
	// Earlier is the address of the next page; empty on the last one.
	Earlier string
	// Later says that this is not the first page.
	Later bool
	// Latest says that of each client only the latest events are listed, because the audit trail cannot be
	// read.
	Latest bool
}

// None returns the empty state.
func (a Activity) None() Empty {
	if a.Earlier != "" || a.Later {
		return Empty{Heading: "This page is empty", Text: "What happened is on the others."}
	}
	return Empty{Heading: "Nothing has happened yet", Text: "Sign-ins, changes of your password and decisions about apps are listed here."}
}

// ActivityEntry is something that happened in an account.
type ActivityEntry struct {
	// Kind is that of a Message.
	Kind string
	// Text is a message, with Names in its places, which are untrusted text, or with Count.
	Text  string
	Names []string
	Count int64
	At    time.Time
	// Browser, System and Network are those of a Device.
	Browser, System, Network string
}

// NewActivityEntry returns an entry with the browser and the system of its User-Agent, untrusted
// text.
func NewActivityEntry(e ActivityEntry, header string) ActivityEntry {
	agent := useragent.Parse(header)
	if agent.OS != "" { // as in NewDevice
		e.Browser, e.System = agent.Name, agent.OS
	}
	return e
}

// Icon returns the shape that repeats the meaning of the colour.
func (e ActivityEntry) Icon() string {
	if e.Kind == "" {
		return "yes"
	}
	return Message{Kind: e.Kind}.Icon()
}
