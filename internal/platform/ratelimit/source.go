package ratelimit

import "net/netip"

// networkBits is the length of an IPv6 subnet prefix (RFC 4291 §2.5.1): the owner of one address
// has all addresses that differ in the other bits.
const networkBits = 64

// Source names the budget of a network address: one for all addresses of an IPv6 subnet, in any
// notation. An unknown source has none.
func Source(address string) Name {
	if address == "" {
		return Name{}
	}
	name := Name{Kind: "source", Value: address, Public: true}
	addr, err := netip.ParseAddr(address)
	if err != nil {
		port, err := netip.ParseAddrPort(address)
		if err != nil {
			return name
		}
		addr = port.Addr()
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		prefix, _ := addr.Prefix(networkBits) // an IPv6 address has that many bits
		addr = prefix.Addr()
	}
	name.Value = addr.String()
	return name
}
