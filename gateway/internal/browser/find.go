package browser

import (
	"strings"

	"github.com/vidocu/usher/gateway/internal/page"
)

// Matches reports whether a name, as it is shown, contains a search, without regard to case.
func Matches(name, search string) bool {
	return strings.Contains(strings.ToLower(page.Name(name)), strings.ToLower(search))
}
