package page

import "html/template"

// DocsGroup is a list of pages under a heading. Several are the data of docsindex.html, the table of
// contents of the documentation.
type DocsGroup struct {
	Name  string
	Pages []DocsEntry
}

// DocsEntry is a page with a sentence about it.
type DocsEntry struct {
	Link    Link
	Summary string
}

// DocsPage is the data of docspage.html.
type DocsPage struct {
	Title string
	// HTML is the rendered text of this repository, without the title.
	HTML template.HTML
	// Sections are links to the headings.
	Sections []Link
	// Previous and Next are the pages before and after this one; nil for none.
	Previous, Next *Link
}
