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

// CheckRedirectURI validates a URI that a client registers: absolute, https (or http on 127.0.0.1,
// [::1] or localhost), without fragment, user information, wildcard, control character or a query
// parameter that the authorization response adds. It returns ErrRedirectURI with the fault.
func CheckRedirectURI(uri string) error {
	if fault := textFault(uri); fault != "" {
		return fmt.Errorf("%w: %s", ErrRedirectURI, fault)
	}
	u, err := url.Parse(uri)
	if err != nil {
		// url.Parse's error quotes the URI, which callers may log.
		return fmt.Errorf("%w: not a URI", ErrRedirectURI)
	}
	for _, fault := range []string{originFault(uri, u), queryFault(u.RawQuery)} {
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
		return "has a character that a URI cannot have"
	case strings.Contains(uri, "#"):
		return "has a fragment"
	case strings.Contains(uri, "*"):
		return "has a wildcard"
	}
	decoded, err := url.PathUnescape(uri)
	if err != nil || !utf8.ValidString(decoded) {
		return "has a malformed percent-encoding"
	}
	if strings.ContainsFunc(decoded, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return "has a control character"
	}
	return ""
}

func originFault(uri string, u *url.URL) string {
	secure := strings.HasPrefix(uri, "https://")
	switch host := u.Hostname(); {
	case !secure && !strings.HasPrefix(uri, "http://"):
		return "must begin with https://, with http:// on 127.0.0.1, [::1] or localhost, or with a scheme that is a domain name of the app's own reversed, such as com.example.app:/callback"
	case u.User != nil:
		return "has user information"
	case !validHost(u.Host, host):
		return "has no usable host"
	case u.Port() != "" && !validPort(u.Port()), strings.HasSuffix(u.Host, ":"):
		return "has no usable port"
	case !secure && host != "127.0.0.1" && host != "::1" && host != "localhost":
		return "http is for 127.0.0.1, [::1] and localhost alone"
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
		return "has a query that cannot be read"
	}
	for _, name := range []string{"code", "state", "iss", "error", "error_description", "error_uri"} {
		if _, present, _ := params.Get(name); present {
			return "has the parameter " + name
		}
	}
	return ""
}
