// Package page renders Usher's pages: one layout, one stylesheet, no script.
//
// It owns templates, the headers of every page and how untrusted names are shown. It never knows where its data came from.
package page
