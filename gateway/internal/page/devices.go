package page

import (
	"time"

	"github.com/mileusna/useragent"
)

// Devices is the data of devices.html.
type Devices struct {
	// Form is a random value, by which a second click on the button for every other device is recognized.
	CSRF, Form string
	// Devices are the user's sessions: this one first, then the one used last.
	Devices []Device
	// Done says what was done; nil for nothing.
	Done  *Message
	Fault Fault
}

// Device is a browser on which the user is signed in.
type Device struct {
	// ID is the session's identifier.
	ID string
	// Browser and System are names such as Firefox and Windows; empty where they are not known.
	Browser, System string
	// Network is a part of its address, such as 203.0.113.*; empty where it is not known.
	Network string
	// Current says that it shows the page.
	Current     bool
	Begun, Used time.Time
}

// NewDevice returns a device with the browser and the system of its User-Agent, untrusted text.
func NewDevice(d Device, header string) Device {
	agent := useragent.Parse(header)
	if agent.OS != "" { // without a system the name is any word of the header
		d.Browser, d.System = agent.Name, agent.OS
	}
	return d
}

// Facts returns when and where the user signed in.
func (d Device) Facts() []Fact {
	facts := []Fact{{Label: "Signed in", At: d.Begun}, {Label: "Last used", At: d.Used}}
	if d.Network != "" {
		facts = append(facts, Fact{Label: "Network", Text: d.Network, Code: true})
	}
	return facts
}
