package userapi

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"esther.fray%40gmail.com", "%2565", "a%00b", "%ff", "%", "a+b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, segment string) {
		email, problem := address(segment)
		if problem != "" {
			return
		}
		if email == "" || !utf8.ValidString(email) || strings.IndexByte(email, 0) >= 0 {
			t.Errorf("%q gives %q", segment, email)
		}
		if again, problem := address(url.PathEscape(email)); problem != "" || again != email {
			t.Errorf("%q is not decoded once: %q", email, again)
		}
	})
}
