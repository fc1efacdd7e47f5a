package brand

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // a format of logos
	_ "image/jpeg" // a format of logos
	"image/png"
	"io"
	"os"
)

const (
	// maxLogoFile is the limit of the file and of the encoded image, in bytes.
	maxLogoFile = 256 << 10
	// maxLogoSide and minLogoSide are the limits of its width and its height, in pixels.
	maxLogoSide, minLogoSide = 1024, 16
	// maxRatio is the limit of the width by the height: the top bar of a phone has room for no more.
	maxRatio = 6
)

// Logo is an image in the format PNG, as this process encoded it: nothing of the file but the
// pixels is served.
type Logo struct {
	PNG []byte
	// Width and Height are in pixels.
	Width, Height int
}

// ReadLogo reads a file in the format PNG, JPEG or GIF. It checks the size of the image before it
// decodes it, since a small file may have a very large one.
func ReadLogo(name string) (Logo, error) {
	file, err := os.Open(name)
	if err != nil {
		return Logo{}, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	content, err := io.ReadAll(io.LimitReader(file, maxLogoFile+1))
	if err != nil {
		return Logo{}, err
	}
	if len(content) > maxLogoFile {
		return Logo{}, errors.New("has more than 256 KiB")
	}
	return encode(content)
}

func encode(content []byte) (Logo, error) {
	size, _, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		return Logo{}, errors.New("is not a PNG, a JPEG or a GIF")
	}
	if min(size.Width, size.Height) < minLogoSide || max(size.Width, size.Height) > maxLogoSide || size.Width > maxRatio*size.Height {
		return Logo{}, fmt.Errorf("is %d by %d pixels: give 16 to 1,024, and a width of at most 6 times the height", size.Width, size.Height)
	}
	decoded, _, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return Logo{}, errors.New("cannot be decoded")
	}
	var out bytes.Buffer
	if err := png.Encode(&out, decoded); err != nil {
		return Logo{}, fmt.Errorf("cannot be encoded: %w", err)
	}
	if out.Len() > maxLogoFile {
		return Logo{}, errors.New("has more than 256 KiB as a PNG")
	}
	return Logo{PNG: out.Bytes(), Width: size.Width, Height: size.Height}, nil
}
