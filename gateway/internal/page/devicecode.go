package page

import "time"

// DeviceCode is the data of device.html.
type DeviceCode struct {
	CSRF string
	// User is the signed-in user.
	User User
	// Code is the code in the page's address, or what the user typed: untrusted text.
	Code string
	// Confirm asks the user to compare Code with the one that the device shows, and not to type it.
	Confirm bool
	Fault   Fault
}

// RequestingDevice is a device that waits for the user's decision.
type RequestingDevice struct {
	// Address is the network address that its request came from; empty where it is not known.
	Address string
	// At is when the request arrived.
	At time.Time
}

// Facts returns where and when the device's request was made: a user who is not near that place is
// being deceived (RFC 8628 §5.4).
func (d RequestingDevice) Facts() []Fact {
	facts := []Fact{{Label: "Requested", At: d.At}}
	if d.Address != "" {
		facts = append(facts, Fact{Label: "From the address", Text: d.Address, Code: true})
	}
	return facts
}
