package catalog

import (
	"slices"
	"strings"

	"github.com/vidocu/usher/sdk/enforce"
)

// parseEndpoint parses "METHOD /path"; fault describes a syntax error.
func parseEndpoint(name, scope string) (e enforce.Endpoint, fault string) {
	method, path, _ := strings.Cut(name, " ")
	if !slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}, method) {
		return enforce.Endpoint{}, "does not begin with a method and a space"
	}
	segments, rooted := split(path)
	if !rooted {
		return enforce.Endpoint{}, "the path does not begin with a slash"
	}
	var variables []string
	for _, segment := range segments {
		variable, isVariable := strings.CutPrefix(segment, ":")
		switch {
		case isVariable && (!word(variable) || slices.Contains(variables, variable)):
			return enforce.Endpoint{}, "a variable is not a lower-case word, or appears twice"
		case isVariable:
			variables = append(variables, variable)
		case !literal(segment):
			return enforce.Endpoint{}, "a segment is empty, is . or .., or has a character that needs encoding"
		}
	}
	return enforce.Endpoint{Method: method, Path: path, Scope: scope}, ""
}

func split(path string) (segments []string, rooted bool) {
	path, rooted = strings.CutPrefix(path, "/")
	return strings.Split(path, "/"), rooted
}

// ambiguous reports whether a request could match both and neither is the more literal one.
func ambiguous(a, b enforce.Endpoint) bool {
	segmentsA, _ := split(a.Path)
	segmentsB, _ := split(b.Path)
	if a.Method != b.Method || len(segmentsA) != len(segmentsB) {
		return false
	}
	var literalA, literalB bool
	for i := range segmentsA {
		freeA, freeB := segmentsA[i][0] == ':', segmentsB[i][0] == ':'
		switch {
		case !freeA && !freeB && segmentsA[i] != segmentsB[i]:
			return false
		case freeA && !freeB:
			literalB = true
		case freeB && !freeA:
			literalA = true
		}
	}
	return literalA == literalB
}

// literal reports whether the segment needs no escaping in a URL (RFC 3986 §2.3) and is no dot
// segment.
func literal(segment string) bool {
	return segment != "" && segment != "." && segment != ".." && !strings.ContainsFunc(segment, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~", r)
	})
}

// word reports whether s consists of lower-case letters, digits, - and _.
func word(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}
