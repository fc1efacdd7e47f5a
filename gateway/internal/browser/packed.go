package browser

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"io"
)

// maxUnpacked is the maximum length of what a cookie holds in a compressed form, in bytes.
const maxUnpacked = 64 << 10

// pack returns data as text of a cookie, compressed.
func pack(data []byte) string {
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
	return base64.RawURLEncoding.EncodeToString(out.Bytes())
}

// unpack returns the data of a text of pack, up to maxUnpacked; nil for another text.
func unpack(text string) []byte {
	packed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxUnpacked))
	if err != nil {
		return nil
	}
	return data
}
