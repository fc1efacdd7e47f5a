package dpop

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// header has the members of the JOSE header that are read.
type header struct {
	Type, Algorithm string
	// Key is the jwk, not parsed.
	Key json.RawMessage
}

// claims are those that are read (RFC 9449 §4.2).
type claims struct {
	ID, Method, URL, TokenHash, Nonce string
	IssuedAt                          *float64
}

// token is a parsed JWS. Nothing of it is verified.
type token struct {
	header    header
	claims    claims
	signed    string
	signature []byte
}

// parse parses a JWS in compact serialization (RFC 7515 §7.1) whose payload is a JSON object.
func parse(text string) (token, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return token{}, refuse(Malformed)
	}
	protected, okHeader := decode(parts[0])
	payload, okPayload := decode(parts[1])
	signature, okSignature := decode(parts[2])
	if !okHeader || !okPayload || !okSignature {
		return token{}, refuse(Malformed)
	}
	t := token{signed: text[:len(parts[0])+1+len(parts[1])], signature: signature}
	critical := json.RawMessage(nil)
	okHeader = members(protected, map[string]any{"typ": &t.header.Type, "alg": &t.header.Algorithm, "jwk": &t.header.Key, "crit": &critical})
	okPayload = members(payload, map[string]any{
		"jti": &t.claims.ID, "htm": &t.claims.Method, "htu": &t.claims.URL, "iat": &t.claims.IssuedAt, "ath": &t.claims.TokenHash,
		"nonce": &t.claims.Nonce,
	})
	// No extension is understood, so that one that must be is a reason to refuse (RFC 7515 §4.1.11).
	if !okHeader || !okPayload || critical != nil {
		return token{}, refuse(Malformed)
	}
	return t, nil
}

// decode decodes base64url without padding. The decoder leaves out line breaks, so that one text had
// many spellings.
func decode(text string) ([]byte, bool) {
	if text == "" || strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return raw, err == nil
}

// members reads the members of one JSON object into the values of into: a *string, a **float64 or a
// *json.RawMessage. It reports false for anything but one object, for a member that appears twice in
// whatever spelling, and for a value of another type. Other members are ignored, and names must match
// exactly.
func members(object []byte, into map[string]any) bool {
	if !utf8.Valid(object) {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(object))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return false
	}
	seen := make(map[string]struct{}, 8)
	for d.More() {
		key, err := d.Token()
		name, isName := key.(string)
		if err != nil || !isName {
			return false
		}
		if _, twice := seen[name]; twice {
			return false
		}
		seen[name] = struct{}{}
		var value json.RawMessage
		if d.Decode(&value) != nil || !assign(into[name], value) {
			return false
		}
	}
	if closed, err := d.Token(); err != nil || closed != json.Delim('}') {
		return false
	}
	_, err := d.Token()
	return errors.Is(err, io.EOF)
}

// assign sets a value whose type is that of to; a nil to is a member that is not read.
func assign(to any, value json.RawMessage) bool {
	switch to := to.(type) {
	case nil:
		return true
	case *json.RawMessage:
		*to = value
		return true
	case *string:
		return value[0] == '"' && json.Unmarshal(value, to) == nil
	case **float64:
		return value[0] != 'n' && json.Unmarshal(value, to) == nil
	}
	return false
}
