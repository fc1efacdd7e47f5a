package page

import (
	"bytes"
	"net/http"
	"strings"
	"time"
)

// AssetsPath is what every asset is served under.
const AssetsPath = "/assets/"

const (
	stylesheetName   = "usher"
	stylesheetEnding = ".css"
)

// StylesheetPath is the stylesheet's address. A hash of the content is part of it, so that the address of one content never
// serves another, whatever a cache keeps of it. The hash is in the path: some caches leave the query out of their keys.
func (p *Pages) StylesheetPath() string {
	return AssetsPath + stylesheetName + "-" + p.version + stylesheetEnding
}

// Assets serves what lies under AssetsPath; notFound answers everything else.
//
// During a rolling update two releases serve the same addresses. The address of another release's stylesheet gets this
// release's, which no cache may keep: a person sees a styled page, and the next request for that address may get what
// belongs to it.
func (p *Pages) Assets(notFound http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.EscapedPath()
		if r.Method != http.MethodGet && r.Method != http.MethodHead || !isStylesheet(path) {
			notFound.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/css; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		if path == p.StylesheetPath() {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
			h.Set("ETag", `"`+p.version+`"`)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(p.stylesheet))
	})
}

// isStylesheet reports whether a path is that of a stylesheet of ours, of whichever release: `usher.css` up to 0.1, and
// `usher-<hash>.css` since.
func isStylesheet(path string) bool {
	rest, ours := strings.CutPrefix(path, AssetsPath+stylesheetName)
	rest, css := strings.CutSuffix(rest, stylesheetEnding)
	hash, hashed := strings.CutPrefix(rest, "-")
	return ours && css && (rest == "" || hashed && hash != "" && strings.Trim(hash, "0123456789abcdef") == "")
}
