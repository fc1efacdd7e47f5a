package oauth

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxRedirectURILength bounds a registered URI, in bytes.
const maxRedirectURILength = 2048

// CheckRedirectURI validates a URI that a client registers: absolute, and https, http on a loopback
// host, or a private-use scheme, which contains a dot or is one of privateUse (RFC 8252 §7.1). It
// must not have a fragment, user information, a wildcard, a control character, a segment that climbs
// up, or a query parameter that the authorization response adds. It returns ErrRedirectURI with the
// fault and what to change.
func CheckRedirectURI(uri string, privateUse []string) error {
	if fault := textFault(uri); fault != "" {
		return fmt.Errorf("%w: %s", ErrRedirectURI, fault)
	}
	u, err := url.Parse(uri)
	if err != nil {
		// url.Parse's error quotes the URI, which callers may log.
		return fmt.Errorf("%w: not a URI", ErrRedirectURI)
	}
	origin := originFault(uri, u)
	if scheme, _, _ := strings.Cut(uri, ":"); scheme != "https" && scheme != "http" {
		origin = privateUseFault(uri, u, privateUse)
	}
	for _, fault := range []string{origin, pathFault(u.Path), queryFault(u.RawQuery)} {
		if fault != "" {
			return fmt.Errorf("%w: %s", ErrRedirectURI, fault)
		}
	}
	return nil
}

// textFault checks the characters only, also percent-encoded ones.
func textFault(uri string) string {
	switch {
	case uri == "":
		return "missing"
	case len(uri) > maxRedirectURILength:
		return fmt.Sprintf("longer than %d bytes", maxRedirectURILength)
	case !printable(uri) || strings.ContainsAny(uri, "\\\"<>^`{|}"):
		return "has a character that a URI cannot have: percent-encode it, and write a host name in its ASCII form (xn--…)"
	case strings.Contains(uri, "#"):
		return "has a fragment: remove the # and what follows"
	case strings.Contains(uri, "*"):
		return "has a wildcard: register each address by itself"
	}
	decoded, err := url.PathUnescape(uri)
	if err != nil || !utf8.ValidString(decoded) {
		return "has a malformed percent-encoding: % is followed by two hexadecimal digits, of UTF-8"
	}
	if strings.ContainsFunc(decoded, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return "has a control character"
	}
	return ""
}

// originFault checks the scheme, the host and the port of an https or http URI.
func originFault(uri string, u *url.URL) string {
	secure := strings.HasPrefix(uri, "https://")
	switch host := u.Hostname(); {
	case !secure && !strings.HasPrefix(uri, "http://"):
		return "must have two slashes after " + u.Scheme + ":"
	case u.User != nil:
		return "has user information: remove what is before the @"
	case !validHost(u.Host, host):
		return "has no usable host"
	case u.Port() != "" && !validPort(u.Port()), strings.HasSuffix(u.Host, ":"):
		return "has no usable port: 1 to 65535, or none"
	case !secure && !loopbackHost(strings.TrimSuffix(u.Host, ":"+u.Port())):
		return "http is for 127.0.0.1, [::1] and localhost alone: use https"
	}
	return ""
}

// pathFault refuses a path that climbs up (`..`), also percent-encoded, behind a backslash, or with
// parameters (`..;`), which servers resolve in different ways.
func pathFault(path string) string {
	for segment := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '\\' }) {
		if name, _, _ := strings.Cut(segment, ";"); name == ".." {
			return "has a path with the segment ..: write the path that is meant"
		}
	}
	return ""
}

// validHost accepts names in their ASCII form and IP addresses without a zone.
func validHost(authority, host string) bool {
	if strings.HasPrefix(authority, "[") {
		addr, err := netip.ParseAddr(host)
		return err == nil && addr.Is6() && addr.Zone() == ""
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
		}) {
			return false
		}
	}
	return true
}

// queryFault refuses query parameters that would conflict with those of the response (RFC 6749
// §4.1.2 and RFC 9207 §2).
func queryFault(raw string) string {
	params, err := ParseQuery(raw)
	if err != nil {
		return "has a query that cannot be read: separate parameters by &, at most 100"
	}
	for _, name := range []string{"code", "state", "iss", "error", "error_description", "error_uri"} {
		if _, present, _ := params.Get(name); present {
			return "has the parameter " + name + ", which the response adds: rename it"
		}
	}
	return ""
}
