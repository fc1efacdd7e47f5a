package oauth

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/vidocu/usher/internal/platform/secret"
)

// Failures of ParseBasic.
var (
	// ErrNotBasic is an absent header, or one of another scheme.
	ErrNotBasic = errors.New("not HTTP Basic")
	// ErrBasicMalformed is a header of the Basic scheme without valid credentials.
	ErrBasicMalformed = errors.New("malformed HTTP Basic credentials")
)

// maxBasicLength bounds the header in bytes; the longest legal credentials are far shorter.
const maxBasicLength = 4 << 10

// ClientCredentials are a client's identifier and its secret. An empty secret is for the caller to
// check.
type ClientCredentials struct {
	ID     string
	Secret secret.String
}

// BasicCredentials are the two readings of one header. RFC 6749 §2.3.1 form-encodes both halves,
// but widely used libraries send them unencoded. A reading that is impossible (a malformed escape,
// invalid UTF-8) is zero; at least one is not.
type BasicCredentials struct {
	Decoded ClientCredentials
	Raw     ClientCredentials
}

// Candidates returns the readings to try, in order: decoded, then raw if it differs.
func (b BasicCredentials) Candidates() []ClientCredentials {
	switch {
	case b.Raw.ID == "" || b.Raw.equal(b.Decoded):
		return []ClientCredentials{b.Decoded}
	case b.Decoded.ID == "":
		return []ClientCredentials{b.Raw}
	default:
		return []ClientCredentials{b.Decoded, b.Raw}
	}
}

func (c ClientCredentials) equal(other ClientCredentials) bool {
	return c.ID == other.ID && c.Secret.Equal(other.Secret)
}

// ParseBasic parses the value of an Authorization header (RFC 7617): the scheme in any case,
// spaces, and padded standard base64 of an identifier, the first colon and a secret. It returns
// ErrNotBasic or ErrBasicMalformed.
func ParseBasic(header string) (BasicCredentials, error) {
	scheme, rest, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return BasicCredentials{}, ErrNotBasic
	}
	encoded := strings.TrimLeft(rest, " ")
	// The decoder would skip line breaks.
	if len(header) > maxBasicLength || strings.ContainsAny(encoded, "\r\n") {
		return BasicCredentials{}, ErrBasicMalformed
	}
	text, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return BasicCredentials{}, ErrBasicMalformed
	}
	id, proof, found := strings.Cut(string(text), ":")
	if !found || id == "" {
		return BasicCredentials{}, ErrBasicMalformed
	}
	both := BasicCredentials{Decoded: decodedCredentials(id, proof), Raw: credentials(id, proof)}
	if both.Decoded.ID == "" && both.Raw.ID == "" {
		return BasicCredentials{}, ErrBasicMalformed
	}
	return both, nil
}

func decodedCredentials(id, proof string) ClientCredentials {
	decodedID, err := url.QueryUnescape(id)
	if err != nil {
		return ClientCredentials{}
	}
	decodedProof, err := url.QueryUnescape(proof)
	if err != nil {
		return ClientCredentials{}
	}
	return credentials(decodedID, decodedProof)
}

// credentials returns the zero value for invalid UTF-8: no client has such an identifier, and no
// gRPC field can carry it.
func credentials(id, proof string) ClientCredentials {
	if !utf8.ValidString(id) || !utf8.ValidString(proof) {
		return ClientCredentials{}
	}
	return ClientCredentials{ID: id, Secret: secret.New(proof)}
}
