package brand

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
)

// minContrast is the ratio that text needs (WCAG 2.2 §1.4.3).
const minContrast = 4.5

// The colours of the stylesheet that the accent is read on or mixed with.
const (
	paper     = "#ffffff"
	ground    = "#f6f7f9"
	darkPaper = "#171b22"
)

// darkContrast is the ratio of the accent on dark paper, which light text on it needs less of.
const darkContrast = 6

// Palette is the accent colour in the two schemes, and the background that goes with it.
type Palette struct{ Accent, Soft, DarkAccent, DarkSoft string }

// colour is a colour in sRGB, each channel from 0 to 1.
type colour [3]float64

var hex = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// ParseAccent returns the palette of a colour such as #3b4cd6. It returns an error for another form,
// and for a colour in which text on paper, or white text on the colour, is too faint.
func ParseAccent(text string) (Palette, error) {
	if !hex.MatchString(text) {
		return Palette{}, errors.New("give a colour such as #3b4cd6")
	}
	accent := parse(text)
	if got := math.Min(contrast(accent, parse(paper)), contrast(accent, parse(ground))); got < minContrast {
		return Palette{}, fmt.Errorf("has a contrast of %.1f on the background of the pages, and text needs %.1f: give a darker colour", got, minContrast)
	}
	dark := accent
	for share := 0.0; contrast(dark, parse(darkPaper)) < darkContrast; share += 0.02 {
		dark = mix(accent, parse(paper), share)
	}
	return Palette{
		Accent: accent.String(), Soft: soft(accent, parse(paper), 0.09).String(),
		DarkAccent: dark.String(), DarkSoft: soft(dark, parse(darkPaper), 0.18).String(),
	}, nil
}

// soft returns a background with a share of the accent at most, on which the accent can be read.
func soft(accent, background colour, most float64) colour {
	for share := most; share > 0; share -= 0.01 {
		if c := mix(background, accent, share); contrast(accent, c) >= minContrast {
			return c
		}
	}
	return background
}

func parse(text string) (c colour) {
	for i := range c {
		n, _ := strconv.ParseUint(text[1+2*i:3+2*i], 16, 8) // the pattern matched
		c[i] = float64(n) / 255
	}
	return c
}

// String returns the colour in the notation of CSS.
func (c colour) String() string {
	return fmt.Sprintf("#%02x%02x%02x", byte(math.Round(c[0]*255)), byte(math.Round(c[1]*255)), byte(math.Round(c[2]*255)))
}

// mix returns a colour with a share of another one, rounded to what CSS can write.
func mix(a, b colour, share float64) (c colour) {
	for i := range c {
		c[i] = math.Round((a[i]+(b[i]-a[i])*math.Min(share, 1))*255) / 255
	}
	return c
}

// contrast returns the contrast ratio of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio").
func contrast(a, b colour) float64 {
	light, dark := a.luminance(), b.luminance()
	if light < dark {
		light, dark = dark, light
	}
	return (light + 0.05) / (dark + 0.05)
}

// luminance returns the relative luminance of a colour (WCAG 2.2, "relative luminance").
func (c colour) luminance() float64 {
	linear := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}
