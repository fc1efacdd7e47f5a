package oauth

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Failures of Resources.Select; all wrap ErrResource.
var (
	// ErrResource is RFC 8707 §2 invalid_target.
	ErrResource = errors.New("invalid resource")
	// ErrResourceMalformed is a value that is not an absolute URI without a fragment, or one value
	// too many.
	ErrResourceMalformed = fmt.Errorf("%w: malformed", ErrResource)
	// ErrResourceUnknown is a value that identifies none of the resources.
	ErrResourceUnknown = fmt.Errorf("%w: unknown", ErrResource)
)

const (
	// MaxResources is the maximum number of resource parameters in one request.
	MaxResources = 8
	// maxResourceLength bounds the value of a resource parameter, in bytes.
	maxResourceLength = 512
)

// Resources is a set of protected resources by their identifiers (RFC 8707 §2), in the order of the
// request. In a grant, nil is the default resource.
type Resources []string

// ParseResources parses the stored form of Resources, which String returns.
func ParseResources(stored string) Resources {
	if stored == "" {
		return nil
	}
	return strings.Split(stored, " ")
}

// String joins the identifiers with single spaces: no URI has one.
func (r Resources) String() string { return strings.Join(r, " ") }

// Contains reports whether an identifier, compared whole and exactly, is in the set.
func (r Resources) Contains(id string) bool { return slices.Contains(r, id) }

// Select returns the resources of r that the values of resource parameters identify, in the order
// of the parameters and in the spelling of r; nil where all values are empty (RFC 6749 §3.1). It
// returns ErrResourceMalformed or ErrResourceUnknown for the first value that is invalid.
func (r Resources) Select(values []string) (Resources, error) {
	values = slices.DeleteFunc(slices.Clone(values), func(value string) bool { return value == "" })
	if len(values) > MaxResources {
		return nil, ErrResourceMalformed
	}
	var selected Resources
	for _, value := range values {
		asked, err := CanonicalResource(value)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(r, func(id string) bool {
			have, err := CanonicalResource(id)
			return err == nil && have == asked
		})
		if i < 0 {
			return nil, ErrResourceUnknown
		}
		if !selected.Contains(r[i]) {
			selected = append(selected, r[i])
		}
	}
	return selected, nil
}

// CanonicalResource returns the form in which identifiers are compared: two identifiers are equal
// but for the case of scheme and host, the scheme's default port, and one slash at the end. It
// returns ErrResourceMalformed for anything but an absolute URI with a host and without a fragment
// (RFC 8707 §2). RFC 3986 §6.2 allows more normalization, such as decoding a percent-encoded letter:
// clients send the identifier that they read, and these are what URL libraries change.
func CanonicalResource(uri string) (string, error) {
	u, err := url.Parse(uri)
	switch {
	case err != nil, !printable(uri), len(uri) > maxResourceLength, strings.ContainsAny(uri, "#\\\"<>"):
		return "", ErrResourceMalformed
	case u.Scheme == "", u.Hostname() == "", u.User != nil:
		return "", ErrResourceMalformed
	}
	host := strings.ToLower(u.Host)
	if port := u.Port(); port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	canonical := u.Scheme + "://" + host + strings.TrimSuffix(u.EscapedPath(), "/")
	if u.RawQuery != "" || u.ForceQuery {
		canonical += "?" + u.RawQuery
	}
	return canonical, nil
}
