package client

import (
	"strings"

	"github.com/vidocu/usher/internal/platform/secret"
)

const (
	// IDPrefix begins every client identifier (docs/wire-contract.md §3).
	IDPrefix    = "vdo_client_"
	maxIDLength = 64
)

// ValidID reports whether id could be registered. What could not is refused before any look-up, so that no URL, NUL or
// megabyte ever reaches the database.
func ValidID(id string) bool {
	rest, ok := strings.CutPrefix(id, IDPrefix)
	if !ok || rest == "" || len(id) > maxIDLength {
		return false
	}
	for i := range len(rest) {
		switch c := rest[i]; {
		case '0' <= c && c <= '9', 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// NewID draws an identifier.
func NewID() string { return secret.NewID(IDPrefix) }
