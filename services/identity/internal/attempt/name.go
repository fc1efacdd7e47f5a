package attempt

import (
	"net/netip"
	"strings"

	"github.com/vidocu/usher/services/identity/internal/account"
)

// privateBits are those of an IPv6 address that its network gives out itself (RFC 4291 §2.5.1): whoever has one address
// has all that differ there.
const privateBits = 64

// accountName is one for all spellings of an address. What is no address has a budget too, and says so as late.
func accountName(typed string) string {
	if address, err := account.Canonical(typed); err == nil {
		return "account " + string(address)
	}
	return "no account " + strings.TrimSpace(typed)
}

// sourceName is one for all addresses of a source; empty for a source that is not known.
func sourceName(source string) string {
	if source == "" {
		return ""
	}
	addr, err := netip.ParseAddr(source)
	if err != nil {
		port, err := netip.ParseAddrPort(source)
		if err != nil {
			return "source " + source
		}
		addr = port.Addr()
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		prefix, _ := addr.Prefix(privateBits) // an IPv6 address has that many bits
		addr = prefix.Addr()
	}
	return "source " + addr.String()
}
