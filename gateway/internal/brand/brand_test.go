package brand_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vidocu/usher/gateway/internal/brand"
)

func TestAnAccentCanBeRead(t *testing.T) {
	for _, text := range []string{"#3b4cd6", "#000000", "#0B6674", "#b3241c", "#176c46", "#7a5100", "#0000ff", "#6b6b6b"} {
		p, err := brand.ParseAccent(text)
		if err != nil || !strings.EqualFold(p.Accent, text) {
			t.Errorf("%s: %+v, %v", text, p, err)
		}
		for _, c := range []string{p.Soft, p.DarkAccent, p.DarkSoft} {
			if len(c) != 7 || c[0] != '#' {
				t.Errorf("%s: %+v", text, p)
			}
		}
	}
	for _, text := range []string{"#ffffff", "#95a3ff", "#ffd400", "#00c853", "#777777"} {
		if _, err := brand.ParseAccent(text); err == nil || !strings.Contains(err.Error(), "contrast") {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"", "blue", "#fff", "#12345", "#1234567", "#12345g", "3b4cd6", "#3b4cd6;", "url(x)", "#3b4cd6\n"} {
		if _, err := brand.ParseAccent(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func picture(width, height int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		m.Set(x, 0, color.RGBA{R: 200, A: 255})
	}
	return m
}

func write(t *testing.T, content []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "logo")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func encoded(t *testing.T, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestALogoIsEncodedAnew(t *testing.T) {
	of := func(m image.Image) []byte { return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, m) }) }
	for name, content := range map[string][]byte{
		"png":  append(of(picture(96, 32)), "<script>alert(1)</script>"...),
		"jpeg": encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, picture(96, 32), nil) }),
		"gif":  encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, picture(96, 32), nil) }),
	} {
		logo, err := brand.ReadLogo(write(t, content))
		if err != nil || logo.Width != 96 || logo.Height != 32 || bytes.Contains(logo.PNG, []byte("script")) {
			t.Errorf("%s: %d by %d, %v", name, logo.Width, logo.Height, err)
		}
		if _, format, err := image.Decode(bytes.NewReader(logo.PNG)); err != nil || format != "png" {
			t.Errorf("%s: the logo is %s, %v", name, format, err)
		}
	}
	large := of(picture(1025, 64))
	for name, content := range map[string][]byte{
		"svg": []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "empty": nil, "wide": large, "small": of(picture(15, 15)), "long": of(picture(700, 100)),
		"cut short": of(picture(96, 32))[:60], "big file": bytes.Repeat([]byte{0}, 256<<10+1),
	} {
		if _, err := brand.ReadLogo(write(t, content)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := brand.ReadLogo(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a missing file is accepted")
	}
}
