package oauth

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// ErrRedirectURI is a redirect URI that cannot be registered or redirected to; the text after it
// names the fault, without the URI.
var ErrRedirectURI = errors.New("invalid redirect URI")

// MatchRedirectURI reports whether presented is one of the registered URIs. They are compared byte
// for byte, without normalization. The only exception is RFC 8252 §7.3: an http URI with the host
// 127.0.0.1 or [::1] may have any port, or none, as a native client listens at a free port.
func MatchRedirectURI(registered []string, presented string) bool {
	if presented == "" {
		return false
	}
	host, rest, loopback := cutLoopback(presented)
	for _, uri := range registered {
		if uri == presented {
			return true
		}
		if !loopback {
			continue
		}
		if h, r, ok := cutLoopback(uri); ok && h == host && r == rest {
			return true
		}
	}
	return false
}

// cutLoopback splits a loopback URI around its port. ok is false for any other URI, and if the port
// is not a number from 1 to 65535 without leading zeros.
func cutLoopback(uri string) (host, rest string, ok bool) {
	for _, host := range [...]string{"http://127.0.0.1", "http://[::1]"} {
		rest, found := strings.CutPrefix(uri, host)
		if !found {
			continue
		}
		if port, hasPort := strings.CutPrefix(rest, ":"); hasPort {
			if end := strings.IndexAny(port, "/?"); end >= 0 {
				port, rest = port[:end], port[end:]
			} else {
				rest = ""
			}
			if !validPort(port) {
				return "", "", false
			}
		}
		return host, rest, rest == "" || rest[0] == '/' || rest[0] == '?'
	}
	return "", "", false
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
