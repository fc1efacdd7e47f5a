package page

import "time"

// MaxAddress is the length of an address of a client in characters.
const MaxAddress = 2048

// Field returns the field of a new address.
func (c ConsoleAddresses) Field() Field {
	return Field{
		ID: "redirect_uris", Label: "New address", Value: c.Typed, Max: MaxAddress, Required: true, Invalid: c.Fault.Field == "redirect_uris",
		Placeholder: "https://yourapp.com/callback",
	}
}

// AddressField returns the field of the address of the keys.
func (c ConsoleCredentials) AddressField() Field {
	return Field{
		ID: "jwks_uri", Label: "Or the https address where you publish them", Value: c.TypedAddress, Max: MaxAddress, Invalid: c.Fault.Field == "jwks_uri",
		Placeholder: "https://yourapp.com/jwks.json",
	}
}

// Field returns the field of a new tester.
func (c ConsoleTeam) Field() Field {
	return Field{
		ID: "email_address", Label: "E-mail address", Value: c.Typed, Type: "email", Max: 254, Required: true, Invalid: c.Fault.Field == "email_address",
	}
}

// ConsoleUsage is the data of devusage.html.
type ConsoleUsage struct {
	Console
	Facts  []Fact
	Causes []Fact
	// Tokens are the access tokens of the last days, today first; nil where that is not known.
	Tokens []TokenDay
	// Unused are the permissions that were not granted to anyone for 30 days.
	Unused []PermissionGroup
}

// TokenDay is how many access tokens a client got on a day.
type TokenDay struct {
	// From is the beginning of the day, in the zone of the reader.
	From   time.Time
	Tokens int64
	// More says that not all of the day were counted.
	More bool
}
