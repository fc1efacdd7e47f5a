// Package arch defines the repository's own rules as data and checks them in its tests: the allowed
// imports, the maximum length of files and functions, package comments, no skipped tests, the
// redaction of every field with a secret, citations of files in the repository, and the words of
// comments and documents.
//
// The rules come from docs/architecture.md and docs/adr. A rule that is in the way is changed here,
// with its reason, and not worked around. The package is imported by no other and is not part of a
// product.
package arch
