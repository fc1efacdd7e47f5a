package page

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// AssetsPath is the path prefix of every asset.
const AssetsPath = "/assets/"

const (
	stylesheetName   = "usher"
	stylesheetSuffix = ".css"
)

// StylesheetPath returns the stylesheet's path. It contains a hash of the content, so that a cache
// never serves the content of another release for it. The hash is in the path and not in the query,
// because some caches ignore the query.
func (p *Pages) StylesheetPath() string {
	return AssetsPath + stylesheetName + "-" + p.version + stylesheetSuffix
}

// Assets serves the paths under AssetsPath; notFound serves those that do not exist.
//
// During a rolling update two releases serve the same addresses. A request for another release's
// stylesheet gets this release's with no-store: the page is styled, and the next request may reach
// the release that has it.
func (p *Pages) Assets(notFound http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.EscapedPath()
		if p.logoVersion != "" && isAsset(path, logoName, logoSuffix) && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			p.serveLogo(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead || !isStylesheet(path) {
			notFound.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/css; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("Vary", "Accept-Encoding")
		content, tag := p.stylesheet, p.version
		if acceptsGzip(r) {
			content, tag = p.compressed, tag+"-gzip"
			h.Set("Content-Encoding", "gzip")
		}
		if path == p.StylesheetPath() {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
			h.Set("ETag", `"`+tag+`"`)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
}

// withoutComments returns a stylesheet without its comments, which are a sixteenth of it compressed.
func withoutComments(css []byte) []byte {
	return regexp.MustCompile(`(?s)/\*.*?\*/\n?`).ReplaceAll(css, nil)
}

// isStylesheet reports whether a path is that of any release's stylesheet: `usher.css` up to 0.1,
// and `usher-<hash>.css` since.
func isStylesheet(path string) bool {
	return path == AssetsPath+stylesheetName+stylesheetSuffix || isAsset(path, stylesheetName, stylesheetSuffix)
}

// isAsset reports whether a path is that of an asset of any content: its name, a hash and a suffix.
func isAsset(path, name, suffix string) bool {
	rest, ownName := strings.CutPrefix(path, AssetsPath+name+"-")
	hash, ownSuffix := strings.CutSuffix(rest, suffix)
	return ownName && ownSuffix && hash != "" && strings.Trim(hash, "0123456789abcdef") == ""
}

// acceptsGzip reports whether the client names gzip in Accept-Encoding without refusing it (RFC 9110
// §12.5.3). A client that accepts it by `*` alone receives the content as it is.
func acceptsGzip(r *http.Request) bool {
	for _, encoding := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(encoding), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			weight = strings.TrimSpace(weight)
			return weight == "" || strings.Trim(weight, "qQ=0. ") != ""
		}
	}
	return false
}

// compress returns the content in gzip format (RFC 1952).
func compress(content []byte) []byte {
	var out bytes.Buffer
	w := must(gzip.NewWriterLevel(&out, gzip.BestCompression))
	_ = must(w.Write(content))
	if err := w.Close(); err != nil {
		panic(err) // a buffer accepts every write
	}
	return out.Bytes()
}
