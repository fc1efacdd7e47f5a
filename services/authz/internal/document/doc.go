// Package document implements client identifier metadata documents
// (draft-ietf-oauth-client-id-metadata-document): the identifier of a client is the https URL of a
// JSON document that describes it, and the client need not be registered.
//
// It owns which URLs are such identifiers, which documents are valid, the client that a document
// becomes, and how long a copy of a document is used. It sends no request itself: a Source does, and
// bounds what strangers can cause.
package document
