package pending

import "net/url"

// Origin returns where the response will be sent, for display: scheme, host and port of the
// redirect URI, or its private-use scheme alone. It is empty if the string is not a URI.
func (r Request) Origin() string {
	u, err := url.Parse(r.RedirectURI)
	switch {
	case err != nil || u.Scheme == "":
		return ""
	case u.Host == "":
		return u.Scheme + ":"
	}
	return u.Scheme + "://" + u.Host
}
