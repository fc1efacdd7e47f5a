package oauth

import (
	"net/url"
	"strings"
)

// maxWebAddress bounds the address of a page of a client, in characters.
const maxWebAddress = 2048

// ValidWebAddress reports whether a browser can be sent to an address of a client's registration,
// such as its home page: https, with a host and without user information, of printable characters.
func ValidWebAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil &&
		PrintableText(address, maxWebAddress) && !strings.ContainsAny(address, " \"<>\\")
}
