// Package catalog owns the product's permissions: the scopes and the words the consent screen has
// for them, which endpoint asks for which scope, and which plan has which endpoint
// (docs/wire-contract.md §6). They are one YAML file, compiled in and replaceable by the operator, and wholly
// validated before anything is served.
//
// A Source holds the catalog that counts at this moment and follows the operator's file, so that a change needs no restart.
//
// It never decides a request: it matches no path (it compiles the rules of sdk/enforce, which does) and knows no token, user
// or workspace. A catalog does not change once loaded and may be read by any number of goroutines.
package catalog
