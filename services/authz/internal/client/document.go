package client

import "strings"

// MaxDocumentURL bounds the identifier of a client that a document describes, in bytes.
const MaxDocumentURL = 512

// IsDocument reports whether an identifier is the URL of a document that describes the client
// (draft-ietf-oauth-client-id-metadata-document). Identifiers that are registered here never begin
// like one. Whether the URL is accepted is decided in package document.
func IsDocument(id string) bool {
	return strings.HasPrefix(id, "https://") || strings.HasPrefix(id, "http://")
}

// lookedUp reports whether a client may have the identifier; no other string is looked up.
func lookedUp(id string) bool {
	return ValidID(id) || IsDocument(id) && len(id) <= MaxDocumentURL
}
