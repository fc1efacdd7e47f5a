package page_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vidocu/usher/gateway/internal/brand"
	"github.com/vidocu/usher/gateway/internal/page"
)

func asset(p *page.Pages, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.Assets(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

// TestABrandIsInTheStylesheet and in no style attribute, which the content security policy forbids.
func TestABrandIsInTheStylesheet(t *testing.T) {
	plain, branded := page.New(), page.New()
	palette, err := brand.ParseAccent("#0b5c66")
	if err != nil {
		t.Fatal(err)
	}
	branded.SetBrand(page.Brand{Product: "Acme", Palette: palette, Logo: brand.Logo{PNG: []byte("pixels"), Width: 96, Height: 32}})
	if plain.StylesheetPath() == branded.StylesheetPath() {
		t.Error("two stylesheets have one address")
	}
	css := asset(branded, branded.StylesheetPath()).Body.String()
	_, after, found := strings.Cut(css, "url(/assets/logo-")
	hash, _, _ := strings.Cut(after, ".png)")
	if !found || !strings.Contains(css, "--accent: #0b5c66;") || !strings.Contains(css, "width: 5.25rem") || strings.Contains(asset(plain, plain.StylesheetPath()).Body.String(), "#0b5c66") {
		t.Errorf("the stylesheet ends in %q", css[len(css)-400:])
	}
	for path, caching := range map[string]string{"/assets/logo-" + hash + ".png": "public, max-age=31536000, immutable", "/assets/logo-00.png": "no-store"} {
		w := asset(branded, path)
		if w.Code != http.StatusOK || w.Body.String() != "pixels" || w.Header().Get("Content-Type") != "image/png" || w.Header().Get("Cache-Control") != caching {
			t.Errorf("%s: %d, %v", path, w.Code, w.Header())
		}
	}
	for _, path := range []string{"/assets/logo.png", "/assets/logo-.png", "/assets/logo-x.png", "/assets/logo-00.css"} {
		if w := asset(branded, path); w.Code != http.StatusNotFound {
			t.Errorf("%s is %d", path, w.Code)
		}
	}
	if w := asset(plain, "/assets/logo-"+hash+".png"); w.Code != http.StatusNotFound {
		t.Errorf("without a logo it is %d", w.Code)
	}
}
