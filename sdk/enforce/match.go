package enforce

import "strings"

// match returns the endpoint with the fewest variables that matches a request. It does not decode
// or clean the path. A path that another component may interpret as a different one, because of an
// encoded character, a dot segment, an empty segment or a parameter, matches no endpoint, so that
// an allowed path has one meaning.
func (r *Rules) match(method, path string) *compiled {
	if len(path) == 0 || path[0] != '/' {
		return nil
	}
	rest := path[1:]
	n := strings.Count(rest, "/") + 1
	sized := r.bySize[method]
	if n >= len(sized) {
		return nil
	}
	for i := range sized[n] {
		if fits(sized[n][i].segments, rest) {
			return &sized[n][i]
		}
	}
	return nil
}

// fits reports whether a path with the same number of segments matches an endpoint's.
func fits(segments []string, rest string) bool {
	for _, want := range segments {
		got := rest
		if end := strings.IndexByte(rest, '/'); end >= 0 {
			got, rest = rest[:end], rest[end+1:]
		}
		if want == "" && !literal(got) || want != "" && want != got {
			return false
		}
	}
	return true
}

// literal reports whether every component interprets a segment in the same way: unreserved
// characters (RFC 3986 §2.3), and no dot segment.
func literal(segment string) bool {
	if segment == "" || segment == "." || segment == ".." {
		return false
	}
	for i := range len(segment) {
		if !unreserved(segment[i]) {
			return false
		}
	}
	return true
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}
