// Package catalog owns the product's permissions: the scopes with their descriptions for the
// consent screen, the scope that each endpoint requires, and the endpoints of each plan
// (docs/wire-contract.md §6). They are one YAML file, compiled in and replaceable by the operator, and completely
// validated before anything is served.
//
// A Source holds the current catalog and polls the operator's file, so that a change needs no
// restart.
//
// It never decides a request: it matches no path (it compiles the rules of sdk/enforce, which does)
// and knows no token, user or workspace. A Catalog is immutable and may be read concurrently.
package catalog
