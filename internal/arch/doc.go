// Package arch holds the repository's own rules as data and checks them by its tests: who may import whom, how long a
// file and a function may be, that every package says what it is for, that no test is skipped, that every field which
// carries a secret is marked for redaction, and that what a page or a comment cites is in the repository.
//
// The rules come from docs/architecture.md and docs/adr. A rule that is in the way is changed here, with its reason, and
// not worked around. The package is imported by nothing and never runs in a product.
package arch
