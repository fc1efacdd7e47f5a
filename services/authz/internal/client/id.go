package client

import (
	"strings"

	"github.com/vidocu/usher/internal/platform/secret"
)

const (
	// IDPrefix is the prefix of every client identifier (docs/wire-contract.md §3).
	IDPrefix    = "vdo_client_"
	maxIDLength = 64
)

// ValidID reports whether id has the format of a registered identifier. Other strings are refused
// before any lookup, so that no URL, NUL or megabyte of text ever reaches the database.
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

// NewID generates a client identifier.
func NewID() string { return secret.NewID(IDPrefix) }

// dynamicPrefix is the prefix of the identifiers of clients that registered themselves.
const dynamicPrefix = IDPrefix + "dyn_"

// NewDynamicID generates the identifier of a client that registers itself.
func NewDynamicID() string { return secret.NewID(dynamicPrefix) }

// MayBeDynamic reports whether a client with the identifier may have registered itself. An operator
// may have chosen such an identifier too.
func MayBeDynamic(id string) bool { return strings.HasPrefix(id, dynamicPrefix) }
