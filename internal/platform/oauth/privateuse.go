package oauth

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// privateUseFault checks a redirect URI with a private-use scheme (RFC 8252 §7.1). The scheme is a
// reversed domain name, which a client's author can own, or one of allowed.
func privateUseFault(uri string, u *url.URL, allowed []string) string {
	scheme, rest, found := strings.Cut(uri, ":")
	switch {
	case !found:
		return wantedSchemes(allowed)
	case strings.EqualFold(scheme, "https"), strings.EqualFold(scheme, "http"):
		return "must have its scheme in lower case"
	case slices.Contains(foreignSchemes(), strings.ToLower(scheme)):
		return "has the scheme " + strings.ToLower(scheme) + ", which browsers or operating systems handle by themselves, or which does not protect the code"
	case !validPrivateUse(scheme) || !strings.Contains(scheme, ".") && !slices.Contains(allowed, scheme):
		return wantedSchemes(allowed)
	case !strings.HasPrefix(rest, "/"):
		return "must have a slash after the colon of its scheme"
	case u.User != nil:
		return "has user information: remove what is before the @"
	}
	return ""
}

// wantedSchemes describes the schemes that can be registered.
func wantedSchemes(allowed []string) string {
	text := "must begin with https://, with http:// on 127.0.0.1, [::1] or localhost, or with a scheme that is a domain name of the app's own reversed, such as com.example.app:/callback"
	if len(allowed) == 0 {
		return text
	}
	return text + "; the operator also allows " + JoinNames(allowed, "and")
}

// CheckPrivateUseScheme validates a scheme without a dot that the operator lets clients register.
func CheckPrivateUseScheme(scheme string) error {
	switch {
	case slices.Contains(foreignSchemes(), strings.ToLower(scheme)):
		return fmt.Errorf("the scheme %q cannot be allowed: browsers or operating systems handle it by themselves, or it does not protect the code", scheme)
	case !validPrivateUse(scheme):
		return fmt.Errorf("the scheme %q must be lower-case letters, digits, . and -, and begin with a letter; without the colon", scheme)
	}
	return nil
}

// validPrivateUse accepts schemes in lower case: URIs are compared byte for byte.
func validPrivateUse(scheme string) bool {
	return scheme != "" && scheme[0] >= 'a' && scheme[0] <= 'z' && !strings.ContainsFunc(scheme, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-'
	})
}

// foreignSchemes are schemes that no native client can own: a browser runs or opens them itself, an
// operating system has a handler for them, or they carry the code in clear.
func foreignSchemes() []string {
	return []string{
		"javascript", "vbscript", "livescript", "data", "file", "blob", "about", "filesystem", "view-source", "jar", "intent",
		"chrome", "chrome-extension", "moz-extension", "resource", "ms-appx", "ms-appx-web", "content",
		"http", "https", "ftp", "ftps", "sftp", "ws", "wss", "ldap", "smb", "ssh", "telnet", "mailto", "tel", "sms", "urn",
	}
}
