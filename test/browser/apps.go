package browser

import (
	"context"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"

	"github.com/vidocu/usher/test/harness"
)

// registerApps registers the clients whose pages the driver visits: one that is not verified, and one
// with everything that users are told about an app. Esther connects the fixtures' confidential client,
// which then asks her for more or for nothing new.
func registerApps(usher *harness.Deployment, bins harness.Binaries, dir string) error {
	logo := filepath.Join(dir, "logo.png")
	if err := drawLogo(logo); err != nil {
		return err
	}
	for _, command := range [][]string{
		{
			"create", "Strange App", "--id", "vdo_client_strange", "--public", "--unverified", "--redirect-uri", "https://strange.test/cb", "--scope", "videos:read",
		},
		{
			"create", "Northwind Captions", "--id", "vdo_client_northwind", "--redirect-uri", "https://captions.northwind.example/cb",
			"--scope", "videos:read,subtitles:read,subtitles:write,export:write,tools:write", "--optional-scope", "export:write,tools:write",
			"--publisher", "Northwind Labs GmbH", "--purpose", "Writes captions for the videos of your team", "--client-uri", "https://northwind.example",
			"--policy-uri", "https://northwind.example/privacy", "--tos-uri", "https://northwind.example/terms",
		},
		{"logo", "vdo_client_northwind", logo},
	} {
		if _, err := usher.Operate(context.Background(), bins, append([]string{"clients"}, command...)...); err != nil {
			return err
		}
	}
	_, err := usher.Issue(usher.NewBrowser(), harness.Request{Email: harness.EstherEmail, Scope: "videos:read jobs:read"})
	return err
}

// drawLogo writes a logo: a white bar on blue.
func drawLogo(file string) error {
	const side = 64
	picture := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			picture.SetNRGBA(x, y, color.NRGBA{R: 0x0b, G: 0x5c, B: 0xad, A: 0xff})
			if y > 40 && y < 50 && x > 12 && x < 52 {
				picture.SetNRGBA(x, y, color.NRGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff})
			}
		}
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := png.Encode(f, picture); err != nil {
		return err
	}
	return f.Close()
}
