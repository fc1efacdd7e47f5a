package fetch

import (
	"net/netip"
	"testing"
)

func TestSpecialAddressesAreNotConnectedTo(t *testing.T) {
	g := newGuard(false)
	for _, a := range []string{
		"127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "100.64.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8",
		"192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "255.255.255.255",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1",
		"2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
	} {
		if g.public(netip.MustParseAddr(a)) {
			t.Errorf("%s may be connected to", a)
		}
	}
	for _, a := range []string{"1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"} {
		if !g.public(netip.MustParseAddr(a)) {
			t.Errorf("%s may not be connected to", a)
		}
	}
	if g.public(netip.Addr{}) {
		t.Error("no address may be connected to")
	}
	development := newGuard(true)
	for a, want := range map[string]bool{"127.0.0.1": true, "::1": true, "::ffff:127.0.0.1": true, "10.0.0.1": false, "169.254.169.254": false} {
		if got := development.public(netip.MustParseAddr(a)); got != want {
			t.Errorf("in development, %s may be connected to: %v, want %v", a, got, want)
		}
	}
}
