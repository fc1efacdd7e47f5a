// Package message has the texts of the pages in every language, and chooses the language.
//
// The keys are the English texts, and each language has one file in the folder texts. It owns no page
// and no text of another service: descriptions of scopes come from the operator's catalog, and are
// translated only where they are those of the documents.
package message
