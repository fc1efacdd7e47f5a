package requestlog

import (
	"net/url"
	"strings"
	"unicode"
)

const (
	// maxLength is the longest value, in bytes.
	maxLength = 300
	// mask stands for a value that could be a secret.
	mask = "…"
	// secretLength is the length from which a word without separators could be a secret.
	secretLength = 32
	// ownPrefix begins our credentials, and the identifiers of clients.
	ownPrefix = "vdo_"
)

// clean bounds a short value, such as the name of a grant type.
func clean(value string) string { return cleanWord(printable(cut(value))) }

// cleanWord masks a word that could be a secret or names a person, and what a URL may not show.
func cleanWord(word string) string {
	switch {
	case strings.Contains(word, "://"), strings.ContainsAny(word, "?#"):
		return cleanURI(word)
	case hidden(word):
		return mask
	}
	return word
}

// cleanWords is cleanWord for each word that a request sent. The words after one that has something to hide
// are masked, because they may be the rest of it: a + in a form is decoded to a space.
func cleanWords(value string) string {
	words := strings.Fields(printable(cut(value)))
	rest := false
	for n, word := range words {
		if rest {
			words[n] = mask
			continue
		}
		words[n] = cleanWord(word)
		rest = words[n] != word || strings.ContainsAny(word, "?#@")
	}
	return strings.Join(words, " ")
}

// cleanURIs is cleanURI for each value of a parameter or of a claim.
func cleanURIs(values []string) string {
	cleaned := make([]string, len(values))
	for n, value := range values {
		cleaned[n] = cleanURI(value)
	}
	return cut(strings.Join(cleaned, " "))
}

// cleanIdentifier is cleanURI for the identifier of a client, which may be a URL. One with a space is none,
// and could be the name of a person.
func cleanIdentifier(value string) string {
	if value = printable(value); strings.Contains(value, " ") {
		return mask
	}
	return cleanURI(value)
}

// cleanList cleans each word of a list that a service sent. One that is too long ends with the mask instead
// of its last words.
func cleanList(value string, cleanOne func(string) string) string {
	words := strings.Fields(printable(value))
	for n, word := range words {
		words[n] = cleanOne(word)
	}
	text := strings.Join(words, " ")
	for len(text) > maxLength {
		words = words[:len(words)-1]
		text = strings.Join(append(words[:len(words):len(words)], mask), " ")
	}
	return text
}

// cleanURI masks the values of a query, the fragment, the user, and each part of the path that could
// be a secret or names a person. It takes one value whole: a space in it ends nothing.
func cleanURI(value string) string {
	if value == "" {
		return ""
	}
	value = printable(cut(value))
	u, err := url.Parse(value)
	if err != nil {
		return mask
	}
	text, _, hasFragment := strings.Cut(value, "#")
	text, query, hasQuery := strings.Cut(text, "?")
	if u.User != nil && !strings.HasPrefix(text, u.Scheme+"://") {
		return mask // a user without a scheme, or after one that is written in another way
	}
	text = cleanAddress(text, u.User != nil)
	if hasQuery {
		text += "?" + cleanQuery(query)
	}
	if hasFragment {
		text += "#" + mask
	}
	return text
}

// cleanAddress is cleanURI for the part before the query, which has a user after its scheme or none.
func cleanAddress(text string, user bool) string {
	const authority = 2 // of scheme://authority/path
	parts := strings.Split(text, "/")
	for n, part := range parts {
		if user && n == authority {
			part = mask + part[strings.LastIndexByte(part, '@'):] // a password may have one too
			if parts[n] = part; !masked(part) {
				continue
			}
		}
		if hidden(part) {
			parts[n] = mask
		}
	}
	return strings.Join(parts, "/")
}

// cleanQuery masks the values of a query, and a name that could be a value: one without a value of its own.
func cleanQuery(query string) string {
	pairs := strings.Split(query, "&")
	for n, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		switch {
		case pair == "":
		case value == "" || strings.Contains(name, " ") || hidden(name):
			pairs[n] = mask
		default:
			pairs[n] = name + "=" + mask
		}
	}
	return strings.Join(pairs, "&")
}

// hidden reports whether a value could be a secret, or has the form of a person's email address; also where
// it is percent-encoded.
func hidden(value string) bool {
	if decoded, err := url.PathUnescape(value); err == nil && decoded != value && hidden(decoded) {
		return true
	}
	return masked(value) || strings.Contains(value, "@")
}

// masked reports whether a word could be a secret: one of our credentials, or a long run of letters
// and digits such as one of another server.
func masked(word string) bool {
	if strings.HasPrefix(word, ownPrefix) && !oauthClient(word) {
		return true
	}
	run, digits, letters := 0, 0, 0
	for _, c := range word {
		switch {
		case unicode.IsDigit(c):
			digits++
		case unicode.IsLetter(c):
			letters++
		case c != '-' && c != '_':
			run, digits, letters = 0, 0, 0
			continue
		}
		if run++; run >= secretLength && digits > 0 && letters > 0 {
			return true
		}
	}
	return false
}

// oauthClient reports whether a name has the format of a client of ours, which may be long.
func oauthClient(name string) bool {
	return strings.HasPrefix(name, "vdo_client_") || strings.HasPrefix(name, "https://")
}

func printable(value string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) || c == unicode.ReplacementChar {
			return ' '
		}
		return c
	}, value)
}

// cut masks a value that is too long: no part of it is stored.
func cut(value string) string {
	if len(value) <= maxLength {
		return value
	}
	return mask
}
