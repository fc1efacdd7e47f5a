package page

import (
	"bytes"
	"fmt"
	"net/http"
	"time"

	"github.com/vidocu/usher/gateway/internal/brand"
)

const (
	logoName   = "logo"
	logoSuffix = ".png"
)

// logoHeight is the height of the logo in the top bar, in rem.
const logoHeight = 1.75

func (p *Pages) logoPath() string { return AssetsPath + logoName + "-" + p.logoVersion + logoSuffix }

// brandStyles returns the rules that follow the stylesheet: an inline style would need a weaker
// content security policy.
func (p *Pages) brandStyles() string {
	styles := ""
	if c := p.brand.Palette; c != (brand.Palette{}) {
		styles += fmt.Sprintf(":root { --accent: %s; --accent-soft: %s; }\n@media (prefers-color-scheme: dark) { :root { --accent: %s; --accent-soft: %s; } }\n",
			c.Accent, c.Soft, c.DarkAccent, c.DarkSoft)
	}
	if p.logoVersion != "" {
		width := logoHeight * float64(p.brand.Logo.Width) / float64(p.brand.Logo.Height)
		styles += fmt.Sprintf(".brand::before { width: %.2frem; height: %.2frem; border-radius: 0; background: url(%s) center / contain no-repeat; }\n",
			width, logoHeight, p.logoPath())
	}
	return styles
}

// serveLogo serves the logo. During a rolling update the address may have another release's hash.
func (p *Pages) serveLogo(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "image/png")
	h.Set("Cache-Control", "no-store")
	if r.URL.EscapedPath() == p.logoPath() {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(p.brand.Logo.PNG))
}
