package fetch

import (
	"net/netip"
	"slices"
)

// special returns the networks that are not the public internet (RFC 6890 and its registries).
func special() []netip.Prefix {
	var list []netip.Prefix
	for _, network := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
		"192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
		"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"::/128", "::1/128", "::ffff:0:0/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32",
		"2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
	} {
		list = append(list, netip.MustParsePrefix(network))
	}
	return list
}

// nat64 is the prefix under which a network without IPv4 reaches IPv4 (RFC 6052 §2.1): the last four
// bytes are the address.
const nat64 = "64:ff9b::/96"

// guard decides which addresses may be connected to.
type guard struct {
	special  []netip.Prefix
	nat64    netip.Prefix
	loopback bool
}

func newGuard(loopback bool) guard {
	return guard{special: special(), nat64: netip.MustParsePrefix(nat64), loopback: loopback}
}

// public reports whether an address is one of the public internet.
func (g guard) public(a netip.Addr) bool {
	a = a.WithZone("").Unmap()
	if g.nat64.Contains(a) {
		bytes := a.As16()
		a = netip.AddrFrom4([4]byte(bytes[12:]))
	}
	if g.loopback && a.IsLoopback() {
		return true
	}
	return a.IsValid() && !slices.ContainsFunc(g.special, func(p netip.Prefix) bool { return p.Contains(a) })
}
