// Package device describes where a request came from, as far as a user needs it to recognize a
// sign-in: the browser and a part of the address.
//
// It owns what is kept of the two. It never keeps the whole address, and knows nothing of the device
// authorization grant (RFC 8628).
package device

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Device is where a sign-in was made.
type Device struct {
	// UserAgent is the header of the browser or the program: untrusted text of at most maxUserAgent
	// bytes.
	UserAgent string
	// Network is a part of the address, such as 203.0.113.* or 2001:db8:1:*. It does not identify a
	// person of a household or an office.
	Network string
}

// maxUserAgent is in bytes. Those of browsers have 80 to 160.
const maxUserAgent = 256

// New returns the device of a request.
func New(userAgent, address string) Device {
	return Device{UserAgent: cleanUserAgent(userAgent), Network: network(address)}
}

// Details are the facts of an event of the audit trail about the device that caused it.
func (d Device) Details() map[string]string {
	return map[string]string{"user_agent": d.UserAgent, "network": d.Network}
}

// cleanUserAgent returns a header as valid, printable UTF-8 of at most maxUserAgent bytes.
func cleanUserAgent(header string) string {
	header = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, header[:min(len(header), maxUserAgent)])
	return strings.TrimSpace(header)
}

// network returns the first three bytes of an IPv4 address, or the first three groups of an IPv6
// address; empty for anything else.
func network(address string) string {
	parsed, err := netip.ParseAddr(address)
	switch parsed = parsed.Unmap(); {
	case err != nil:
		return ""
	case parsed.Is4():
		b := parsed.As4()
		return fmt.Sprintf("%d.%d.%d.*", b[0], b[1], b[2])
	}
	b := parsed.As16()
	return fmt.Sprintf("%x:%x:%x:*", uint16(b[0])<<8|uint16(b[1]), uint16(b[2])<<8|uint16(b[3]), uint16(b[4])<<8|uint16(b[5]))
}
