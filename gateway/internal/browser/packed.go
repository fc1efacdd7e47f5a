package browser

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"io"
)

const (
	// maxUnpacked is the maximum length of what a cookie holds in a compressed form, in bytes.
	maxUnpacked = 64 << 10
	// compressFrom is the length from which data is compressed, in bytes: the memory of a compressor costs
	// more than a page, and most data is short.
	compressFrom = 1 << 10
)

// The first character of a text of pack.
const (
	plainText      = 'p'
	compressedText = 'z'
)

// pack returns data as text of a cookie, compressed if it is long.
func pack(data []byte) string {
	if len(data) < compressFrom {
		return string(plainText) + base64.RawURLEncoding.EncodeToString(data)
	}
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // a buffer takes everything, and the level is one that exists
	}
	return string(compressedText) + base64.RawURLEncoding.EncodeToString(out.Bytes())
}

// unpack returns the data of a text of pack, up to maxUnpacked; nil for another text.
func unpack(text string) []byte {
	if text == "" {
		return nil
	}
	data, err := base64.RawURLEncoding.DecodeString(text[1:])
	switch {
	case err != nil:
		return nil
	case text[0] == plainText:
		return data
	case text[0] != compressedText:
		return nil
	}
	if data, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data)), maxUnpacked)); err != nil {
		return nil
	}
	return data
}
