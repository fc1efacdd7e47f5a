// Package page renders Usher's pages: one layout, one stylesheet, no script.
//
// It owns templates, the headers of every page and the sanitizing of untrusted names. It does not
// depend on the source of its data.
package page
