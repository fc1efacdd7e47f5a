package enforce

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
)

// Addresses are the networks that a token may be used from. An empty list allows every address, and
// one that is not known too.
type Addresses []netip.Prefix

// errAddress is a text that is neither an address nor a network.
var errAddress = errors.New("must be an address or a network, such as 203.0.113.9, 203.0.113.0/24 or 2001:db8::/32")

// ParseAddresses parses addresses such as 203.0.113.9 and networks such as 203.0.113.0/24. An address
// of IPv4 that is written as one of IPv6 is one of IPv4.
func ParseAddresses(list []string) (Addresses, error) {
	var all Addresses
	for _, text := range list {
		network, err := netip.ParsePrefix(text)
		if addr, single := netip.ParseAddr(text); single == nil && addr.Zone() == "" {
			network, err = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
		}
		if err != nil || network.Addr().Is4In6() {
			return nil, errAddress
		}
		all = append(all, network.Masked())
	}
	return all, nil
}

// Strings returns the networks as ParseAddresses reads them.
func (a Addresses) Strings() []string {
	var list []string
	for _, network := range a {
		list = append(list, network.String())
	}
	return list
}

// Allow reports whether a token may be used from a source, an address with or without a port. Where
// the list is not empty, it refuses a source that is empty or not an address.
func (a Addresses) Allow(source string) bool {
	if len(a) == 0 {
		return true
	}
	addr, ok := addressOf(source)
	return ok && slices.ContainsFunc(a, func(network netip.Prefix) bool { return network.Contains(addr) })
}

// addressOf parses an address, with or without a port.
func addressOf(source string) (netip.Addr, bool) {
	if both, err := netip.ParseAddrPort(source); err == nil {
		return both.Addr().Unmap().WithZone(""), true
	}
	addr, err := netip.ParseAddr(strings.Trim(source, "[]"))
	return addr.Unmap().WithZone(""), err == nil
}

// OtherAddress returns the denial of a request with an API key that may not be used from the address
// of the request.
func OtherAddress() *Denial {
	d := Unauthenticated(true)
	d.Message, d.otherAddress = "This API key may not be used from the address of this request", true
	return Resource{}.Challenge(d)
}

// OtherAddress reports whether the request was refused because its API key, which is active, may not
// be used from the request's address, or because that is not known.
func (d *Denial) OtherAddress() bool { return d.otherAddress }
