package enforce

import "strings"

// match finds the most literal endpoint for a request. It decodes and cleans nothing: what another part behind it might read
// as another path (an encoded character, a dot segment, an empty segment, a parameter) fits no endpoint, so that nothing
// that is allowed here means something else there.
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

// fits holds a path of as many segments against an endpoint's.
func fits(segments []string, rest string) bool {
	for _, want := range segments {
		got := rest
		if end := strings.IndexByte(rest, '/'); end >= 0 {
			got, rest = rest[:end], rest[end+1:]
		}
		if want == "" && !plain(got) || want != "" && want != got {
			return false
		}
	}
	return true
}

// plain reports whether a segment means itself everywhere: unreserved characters (RFC 3986 §2.3), and no dot segment.
func plain(segment string) bool {
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
