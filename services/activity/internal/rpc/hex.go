package rpc

import "encoding/hex"

func toHex(b []byte) string { return hex.EncodeToString(b) }

// fromHex decodes a value of a page token; one that was changed selects another place of the list.
func fromHex(text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		return []byte{}
	}
	return b
}
