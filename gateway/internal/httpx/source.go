package httpx

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the networks whose X-Forwarded-For is trusted. The zero value trusts none.
type Proxies struct{ networks []netip.Prefix }

// ParseProxies parses networks such as 10.0.0.0/8, and single addresses.
func ParseProxies(networks []string) (Proxies, error) {
	var p Proxies
	for _, text := range networks {
		network, err := netip.ParsePrefix(text)
		if addr, single := netip.ParseAddr(text); single == nil {
			network, err = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
		}
		if err != nil || network.Addr().Is4In6() {
			return Proxies{}, fmt.Errorf("%q is not a network such as 10.0.0.0/8", text)
		}
		p.networks = append(p.networks, network.Masked())
	}
	return p, nil
}

// Source returns the client's address: the peer's, or, where the peer is a trusted proxy, the
// rightmost address in X-Forwarded-For that is not a trusted proxy. Each proxy appends the address
// of its peer, so that entries left of the first untrusted one may be forged. It returns an empty
// string where the peer has no address.
func (p Proxies) Source(r *http.Request) string {
	source, ok := hop(r.RemoteAddr)
	if !ok {
		return ""
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && p.trusted(source); i-- {
		next, ok := hop(strings.TrimSpace(hops[i]))
		if !ok {
			break
		}
		source = next
	}
	return source.String()
}

// Forwarded returns the client's address for a request whose peer is a proxy that describes another
// request: Source where the peer is a trusted proxy with X-Forwarded-For, and else an empty string.
func (p Proxies) Forwarded(r *http.Request) string {
	peer, ok := hop(r.RemoteAddr)
	if !ok || !p.trusted(peer) || len(r.Header["X-Forwarded-For"]) == 0 {
		return ""
	}
	return p.Source(r)
}

// Peer returns the address of the connection's peer, and an empty string where it has none.
func Peer(r *http.Request) string {
	peer, ok := hop(r.RemoteAddr)
	if !ok {
		return ""
	}
	return peer.String()
}

func (p Proxies) trusted(addr netip.Addr) bool {
	return slices.ContainsFunc(p.networks, func(network netip.Prefix) bool { return network.Contains(addr) })
}

// hop parses an address, with or without a port.
func hop(text string) (netip.Addr, bool) {
	if both, err := netip.ParseAddrPort(text); err == nil {
		return both.Addr().Unmap().WithZone(""), true
	}
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return addr.Unmap().WithZone(""), err == nil
}
