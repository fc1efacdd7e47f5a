package document

import (
	"net/url"
	"slices"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// Policy is which documents the operator accepts. The zero value accepts none.
type Policy struct {
	// Hosts are the accepted hosts, with a port if it is not 443, such as client.example:8443.
	Hosts []string
	// Open accepts any other host too.
	Open bool
	// Loopback accepts documents on this machine by http, at any port: for development.
	Loopback bool
}

// On reports whether any document is accepted.
func (p Policy) On() bool { return p.Open || len(p.Hosts) > 0 }

// Check returns a *Failure of the kind NotAccepted unless a client identifier is the URL of a
// document that is accepted. It parses the URL and never changes it: identifiers are compared as
// strings.
func (p Policy) Check(id string) error {
	u, err := url.Parse(id)
	refuse := func(detail string) error {
		f := &Failure{Kind: NotAccepted, Detail: detail}
		if err == nil {
			f.Host = u.Host
		}
		return f
	}
	switch {
	case len(id) > client.MaxDocumentURL:
		return refuse("client_id must be shorter")
	case !client.IsDocument(id), err != nil, u.Opaque != "", u.Hostname() == "", !urlCharacters(id):
		return refuse("client_id is not a URL")
	case u.User != nil:
		return refuse("client_id must not have user information: remove what is before the @")
	case strings.Contains(id, "#"):
		return refuse("client_id must not have a fragment")
	case strings.Contains(id, "?"):
		return refuse("client_id must not have a query")
	case u.Path == "" || u.Path == "/":
		return refuse("client_id must have a path")
	case climbs(u.Path):
		return refuse("client_id must not have the segments . and ..")
	}
	if p.Loopback && oauth.IsLoopback(u.Hostname()) {
		return nil
	}
	switch {
	case !strings.HasPrefix(id, "https://"):
		return refuse("client_id must begin with https://")
	case p.listed(u.Host):
		return nil
	case !p.Open:
		return refuse("this host is not one of those that the operator accepts")
	case u.Port() != "" || strings.HasSuffix(u.Host, ":"):
		return refuse("client_id must not have a port")
	}
	return nil
}

// ValidURL reports whether a client identifier is the URL of a document that some policy accepts.
func ValidURL(id string) bool {
	u, err := url.Parse(id)
	return err == nil && Policy{Hosts: []string{u.Host}, Loopback: true}.Check(id) == nil
}

// listed reports whether the operator named the host.
func (p Policy) listed(host string) bool { return slices.Contains(p.Hosts, host) }

// urlCharacters reports whether a string has only characters that a URI may have (RFC 3986 §2). A
// host name is in its ASCII form.
func urlCharacters(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", r) })
}

// climbs reports whether a decoded path has a segment that means this or the parent folder. A
// backslash separates segments too, since some servers read it as a slash.
func climbs(path string) bool {
	for segment := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '\\' }) {
		if name, _, _ := strings.Cut(segment, ";"); name == "." || name == ".." {
			return true
		}
	}
	return false
}
