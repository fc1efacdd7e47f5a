package oauth

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// ErrRedirectURI is a redirect URI that cannot be registered or redirected to; the text after it
// names the fault, without the URI.
var ErrRedirectURI = errors.New("invalid redirect URI")

// localhost is a name, which a resolver may point elsewhere, and not an IP address (RFC 8252 §8.3).
const localhost = "localhost"

// IsLoopback reports whether a host of a URL is this machine: localhost, or any loopback address.
// Redirect URIs are matched more narrowly, see MatchRedirectURI: any port is accepted for the three
// hosts that RFC 8252 and RFC 9700 name, and for no other.
func IsLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == localhost || err == nil && a.IsLoopback()
}

// MatchRedirectURI reports whether presented is one of the registered URIs. They are compared byte
// for byte, without normalization. The only exception is RFC 8252 §7.3: an http URI with the host
// 127.0.0.1 or [::1] may have any port, or none, as a native client listens at a free port; for a
// native client also one with the host localhost (RFC 9700 §4.1.3). The hosts are three different
// ones: a URI that is registered with one does not match another.
func MatchRedirectURI(registered []string, presented string, native bool) bool {
	if presented == "" {
		return false
	}
	host, rest, loopback := cutLoopback(presented)
	anyPort := loopback && (native || host != localhost)
	for _, uri := range registered {
		if uri == presented {
			return true
		}
		if !anyPort {
			continue
		}
		if h, r, ok := cutLoopback(uri); ok && h == host && r == rest {
			return true
		}
	}
	return false
}

// cutLoopback splits a loopback URI around its port. ok is false for any other URI, and if the port
// is not a number from 1 to 65535 without leading zeros. It takes the whole authority, up to the
// path or the query, so that neither a longer host name nor user information before the host can
// begin like a loopback one.
func cutLoopback(uri string) (host, rest string, ok bool) {
	rest, found := strings.CutPrefix(uri, "http://")
	if !found {
		return "", "", false
	}
	host, rest = cutAt(rest, strings.IndexAny(rest, "/?#"))
	if strings.HasPrefix(rest, "#") {
		return "", "", false
	}
	if colon := strings.LastIndexByte(host, ':'); colon > strings.LastIndexByte(host, ']') {
		if !validPort(host[colon+1:]) {
			return "", "", false
		}
		host = host[:colon]
	}
	return host, rest, loopbackHost(host)
}

// cutAt splits a string before the byte at i; a negative i is its end.
func cutAt(s string, i int) (before, from string) {
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i:]
}

// OnThisComputer reports whether a host, without a port and brackets, is one of the three that may have http.
func OnThisComputer(host string) bool { return loopbackHost(host) || host == "::1" }

// loopbackHost reports whether a host of an authority is one of the three that may have http.
func loopbackHost(host string) bool {
	return host == "127.0.0.1" || host == "[::1]" || host == localhost
}

func validPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n != 0 && s[0] != '0'
}

// AppendQuery adds parameters to a redirect URI. An existing query stays unchanged, byte for byte.
// Values are encoded with a space as %20, which both form decoders and plain percent-decoders
// decode. It returns ErrRedirectURI for a URI that has a fragment or is not valid in a header.
func AppendQuery(uri string, pairs ...[2]string) (string, error) {
	if uri == "" || !printable(uri) || strings.Contains(uri, "#") {
		return "", fmt.Errorf("%w: cannot take parameters", ErrRedirectURI)
	}
	var b strings.Builder
	b.WriteString(uri)
	separator := "?"
	if _, query, found := strings.Cut(uri, "?"); found {
		separator = "&"
		if query == "" || strings.HasSuffix(query, "&") {
			separator = ""
		}
	}
	for _, pair := range pairs {
		b.WriteString(separator + escape(pair[0]) + "=" + escape(pair[1]))
		separator = "&"
	}
	return b.String(), nil
}

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// printable reports whether s is ASCII without space and control characters.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
