// Package docsite serves the documentation for authors of clients at /docs: the pages of
// github.com/vidocu/usher/docs, the scopes of the current catalog, and a reference of the API that is
// rendered from its description.
//
// It owns how Markdown becomes a page, and the addresses of the pages. The texts are in docs, and the
// layout is that of every page.
package docsite
