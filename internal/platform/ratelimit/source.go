package ratelimit

import "net/netip"

// networkBits are those of an IPv6 address that its network does not give out itself (RFC 4291 §2.5.1): the owner of one address
// has all that differ in the others.
const networkBits = 64

// Source names the budget of a network address: one for all addresses of an IPv6 network, however it is written. A source that is
// not known has none.
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
