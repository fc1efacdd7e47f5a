package wellknown

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// SecurityTxt is where security problems are reported (RFC 9116).
type SecurityTxt struct {
	// PublicURL is where browsers come to.
	PublicURL string
	// Contacts are addresses, the preferred one first; without any there is no such file.
	Contacts []string
	// Expires is until when they are good. A file that is past it must not be used (RFC 9116 §2.5.5), so there is none then.
	Expires time.Time
	Now     func() time.Time
	// NotFound serves the request where there is no such file.
	NotFound http.Handler
}

// ServeHTTP writes the file.
func (s SecurityTxt) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if len(s.Contacts) == 0 || !s.Now().Before(s.Expires) {
		s.NotFound.ServeHTTP(w, r)
		return
	}
	var text strings.Builder
	for _, contact := range s.Contacts {
		fmt.Fprintf(&text, "Contact: %s\n", contact)
	}
	fmt.Fprintf(&text, "Expires: %s\n", s.Expires.UTC().Format(time.RFC3339))
	fmt.Fprintf(&text, "Canonical: %s/.well-known/security.txt\n", strings.TrimSuffix(s.PublicURL, "/"))
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_, _ = io.WriteString(w, text.String()) // the reader has gone: nothing to do
}
