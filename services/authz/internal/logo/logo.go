package logo

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// ErrUnknown is returned if no client has the logo.
var ErrUnknown = errors.New("unknown logo")

const (
	// MaxUpload is the size of an upload in bytes.
	MaxUpload = 64 << 10
	// minSide and maxSide bound the width and the height of an upload in pixels. The larger bounds the
	// memory of the decoder, which a small file could otherwise fill: 8 MiB, since a pixel has at most
	// 8 bytes.
	minSide, maxSide = 16, 1024
	// Side is the width and the height of a logo in pixels: twice those of the largest place for it.
	Side = 96
	// hashLength is the length of a hash in characters.
	hashLength = 2 * sha256.Size
)

// Logo is a stored logo; zero for none.
type Logo struct {
	// Hash is the SHA-256 of PNG, in hexadecimal.
	Hash string
	PNG  []byte
}

// format is an image format with its decoders.
type format struct {
	config func(*bytes.Reader) (image.Config, error)
	decode func(*bytes.Reader) (image.Image, error)
}

// formats are those that an upload may have. The formats are tried here and not by image.Decode,
// whose formats depend on which packages are linked into the program.
func formats() []format {
	return []format{
		{func(r *bytes.Reader) (image.Config, error) { return png.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return png.Decode(r) }},
		{func(r *bytes.Reader) (image.Config, error) { return jpeg.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return jpeg.Decode(r) }},
		{func(r *bytes.Reader) (image.Config, error) { return gif.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return gif.Decode(r) }},
	}
}

// New returns the logo of an upload: its first frame, scaled to fit into a square, with transparent
// borders, and without metadata. It reads the dimensions before it decodes. It returns an
// *oauth.FieldError with the field `image`.
func New(upload []byte) (Logo, error) {
	if len(upload) > MaxUpload {
		return Logo{}, invalid(fmt.Sprintf("must have at most %d KiB", MaxUpload>>10))
	}
	for _, f := range formats() {
		size, err := f.config(bytes.NewReader(upload))
		if err != nil {
			continue
		}
		if min(size.Width, size.Height) < minSide || max(size.Width, size.Height) > maxSide {
			return Logo{}, invalid(fmt.Sprintf("has %d by %d pixels: width and height must be from %d to %d", size.Width, size.Height, minSide, maxSide))
		}
		decoded, err := f.decode(bytes.NewReader(upload))
		if err != nil {
			return Logo{}, invalid("is damaged")
		}
		return encode(decoded)
	}
	return Logo{}, invalid("is not a PNG, JPEG or GIF")
}

func invalid(problem string) error { return oauth.InvalidField("image", problem) }

// encode scales an image and encodes it.
func encode(decoded image.Image) (Logo, error) {
	square := image.NewNRGBA(image.Rect(0, 0, Side, Side))
	draw.CatmullRom.Scale(square, fit(decoded.Bounds()), decoded, decoded.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, square); err != nil {
		return Logo{}, fmt.Errorf("encoding a logo: %w", err)
	}
	sum := sha256.Sum256(out.Bytes())
	return Logo{Hash: hex.EncodeToString(sum[:]), PNG: out.Bytes()}, nil
}

// fit returns the largest rectangle in the middle of the square that has the proportions of an image.
func fit(b image.Rectangle) image.Rectangle {
	w, h := Side, Side
	if b.Dx() > b.Dy() {
		h = max(1, Side*b.Dy()/b.Dx())
	} else {
		w = max(1, Side*b.Dx()/b.Dy())
	}
	return image.Rect((Side-w)/2, (Side-h)/2, (Side-w)/2+w, (Side-h)/2+h)
}

// ValidHash reports whether a string has the form of a hash; no other is looked up.
func ValidHash(hash string) bool {
	if len(hash) != hashLength {
		return false
	}
	for i := range len(hash) {
		if c := hash[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
