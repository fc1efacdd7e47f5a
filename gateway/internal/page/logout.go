package page

import "net/url"

// Logout is the data of logout.html.
type Logout struct {
	CSRF string
	// The name of the client that signs the user out, untrusted text; empty where none is known.
	App  string
	User User
	// Params are the parameters of the request, which the form repeats: untrusted text.
	Params url.Values
	Fault  Fault
}
