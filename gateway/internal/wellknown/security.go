package wellknown

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// SecurityTxt serves the contacts for security reports (RFC 9116).
type SecurityTxt struct {
	// PublicURL is the origin of the file's canonical address.
	PublicURL string
	// Contacts are URIs, the preferred one first; without any the file does not exist.
	Contacts []string
	// Expires is the file's expiry. An expired file must not be used (RFC 9116 §2.5.5), so that it
	// does not exist then.
	Expires time.Time
	Now     func() time.Time
	// NotFound serves the request where the file does not exist.
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
	_, _ = io.WriteString(w, text.String()) // fails only where the client has disconnected
}
