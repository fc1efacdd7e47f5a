package pending

import "net/url"

// Origin is where an answer will go, for the person to see: scheme, host and port of the redirect URI, or its custom
// scheme alone. It is empty for what is no URI.
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
