package logo_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/logo"
)

func picture(width, height int) image.Image {
	p := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range p.Pix {
		p.Pix[i] = 0xff
	}
	for x := range width { // a red line at the top
		p.SetNRGBA(x, 0, color.NRGBA{R: 0xff, A: 0xff})
	}
	return p
}

func encoded(t *testing.T, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := encode(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func pngOf(t *testing.T, width, height int) []byte {
	t.Helper()
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, picture(width, height)) })
}

func TestALogoIsEncodedAnew(t *testing.T) {
	for name, upload := range map[string][]byte{
		"png":  append(pngOf(t, 64, 64), "<script>alert(1)</script>"...), // bytes behind the image
		"jpeg": encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, picture(300, 200), nil) }),
		"gif":  encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, picture(16, 1024), nil) }),
	} {
		l, err := logo.New(upload)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := logo.New(upload)
		if err != nil || again.Hash != l.Hash || !logo.ValidHash(l.Hash) {
			t.Errorf("%s: the hash is %q, then %q, %v", name, l.Hash, again.Hash, err)
		}
		size, err := png.DecodeConfig(bytes.NewReader(l.PNG))
		if err != nil || size.Width != logo.Side || size.Height != logo.Side {
			t.Errorf("%s: %+v, %v", name, size, err)
		}
		if bytes.Contains(l.PNG, []byte("script")) {
			t.Errorf("%s: bytes of the upload are stored", name)
		}
	}
}

func TestALogoKeepsItsProportions(t *testing.T) {
	l, err := logo.New(pngOf(t, 192, 96))
	if err != nil {
		t.Fatal(err)
	}
	shown, err := png.Decode(bytes.NewReader(l.PNG))
	if err != nil {
		t.Fatal(err)
	}
	for y, opaque := range map[int]bool{0: false, 23: false, 25: true, 70: true, 73: false, 95: false} {
		if _, _, _, alpha := shown.At(48, y).RGBA(); (alpha != 0) != opaque {
			t.Errorf("the row %d has the alpha %d, opaque: %v", y, alpha, opaque)
		}
	}
}

// bomb is a PNG that claims more pixels than it has: 4 bytes of each dimension, with a right checksum.
func bomb(t *testing.T, width, height uint32) []byte {
	t.Helper()
	upload := pngOf(t, 16, 16)
	header := upload[12:29] // IHDR and its 13 bytes
	binary.BigEndian.PutUint32(header[4:], width)
	binary.BigEndian.PutUint32(header[8:], height)
	binary.BigEndian.PutUint32(upload[29:], crc32.ChecksumIEEE(header))
	return upload
}

func TestAnUploadThatCannotBeALogoIsRefused(t *testing.T) {
	whole := pngOf(t, 64, 64)
	for name, upload := range map[string][]byte{
		"nothing": nil, "text": []byte("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
		"a bomb":             bomb(t, 50_000, 50_000),
		"wide":               bomb(t, 1025, 16),
		"flat":               pngOf(t, 15, 100),
		"truncated":          whole[:len(whole)-30],
		"larger than 64 KiB": append(whole, make([]byte, 64<<10)...),
	} {
		_, err := logo.New(upload)
		var field *oauth.FieldError
		if !errors.As(err, &field) || field.Field != "image" {
			t.Errorf("%s: %v, want an error of the image", name, err)
		}
	}
}

func TestAHashIsValidBeforeItIsLookedUp(t *testing.T) {
	l, err := logo.New(pngOf(t, 16, 16))
	if err != nil {
		t.Fatal(err)
	}
	for hash, valid := range map[string]bool{l.Hash: true, "": false, l.Hash + "0": false, "Z" + l.Hash[1:]: false, "../" + l.Hash[3:]: false} {
		if logo.ValidHash(hash) != valid {
			t.Errorf("%q is valid: %v", hash, !valid)
		}
	}
}

func FuzzNew(f *testing.F) {
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Add([]byte("GIF89a"))
	f.Fuzz(func(t *testing.T, upload []byte) {
		l, err := logo.New(upload)
		if err == nil && (len(l.PNG) == 0 || !logo.ValidHash(l.Hash)) {
			t.Errorf("%+v", l)
		}
	})
}
