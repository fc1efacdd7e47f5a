package rpc

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// The protobuf encoder traverses a batch twice by reflection, which costs as much as the look-ups.
// A batch is therefore encoded here, field by field, and passed on as encoded bytes; the response
// on the wire is the same.

// Numbers of the fields of BatchIntrospectTokensResponse and IntrospectTokenResponse.
const (
	responsesField = 1

	activeField      = 1
	scopeField       = 2
	clientIDField    = 3
	subField         = 4
	usernameField    = 5
	tokenTypeField   = 6
	expField         = 7
	iatField         = 8
	workspaceIDField = 10
	kindField        = 11
	planField        = 12
	grantIDField     = 13
	expiresInMsField = 14
	nameField        = 15
	audField         = 16
	tokenKindField   = 17
	cnfField         = 70
	addressesField   = 120

	// jktField is of Confirmation.
	jktField = 1
)

// usualSize is the size of most responses at most, in bytes.
const usualSize = 224

// batchEncoder holds the encoded responses of a batch, and a buffer for the next one.
type batchEncoder struct {
	raw, next []byte
	// audience is the default resource, which the batch has once for all.
	audience []string
}

func newBatchEncoder(n int) batchEncoder {
	return batchEncoder{raw: make([]byte, 0, n*usualSize), next: make([]byte, 0, usualSize)}
}

// add encodes the next response, without the fields that the batch has once for all.
func (a *batchEncoder) add(res *tokenv1.IntrospectTokenResponse) {
	if slices.Equal(res.Aud, a.audience) {
		res.Aud = nil
	}
	a.next = appendResponse(a.next[:0], res)
	a.raw = protowire.AppendBytes(protowire.AppendTag(a.raw, responsesField, protowire.BytesType), a.next)
}

// response returns a message whose unknown fields are the encoded responses: its field Answers is
// empty until the message was sent.
func (a *batchEncoder) response(issuer string) *tokenv1.BatchIntrospectTokensResponse {
	res := &tokenv1.BatchIntrospectTokensResponse{Iss: issuer, TokenType: tokenType, TokenKind: kindUser, Aud: a.audience}
	res.ProtoReflect().SetUnknown(a.raw)
	return res
}

func appendResponse(b []byte, a *tokenv1.IntrospectTokenResponse) []byte {
	b = appendNumber(b, activeField, protowire.EncodeBool(a.Active))
	b = appendText(b, scopeField, a.Scope)
	b = appendText(b, clientIDField, a.ClientId)
	b = appendText(b, subField, a.Sub)
	b = appendText(b, usernameField, a.Username)
	if a.TokenType != tokenType { // the batch has the usual one once for all
		b = appendText(b, tokenTypeField, a.TokenType)
	}
	b = appendNumber(b, expField, uint64(a.Exp))
	b = appendNumber(b, iatField, uint64(a.Iat))
	b = appendText(b, workspaceIDField, a.WorkspaceId)
	b = appendNumber(b, kindField, uint64(a.Kind))
	b = appendText(b, planField, a.Plan)
	if len(a.GrantId) > 0 {
		b = protowire.AppendBytes(protowire.AppendTag(b, grantIDField, protowire.BytesType), a.GrantId)
	}
	b = appendNumber(b, expiresInMsField, uint64(a.ExpiresInMs))
	b = appendText(b, nameField, a.Name)
	for _, id := range a.Aud {
		b = appendText(b, audField, id)
	}
	if a.TokenKind != kindUser { // likewise
		b = appendText(b, tokenKindField, a.TokenKind)
	}
	if jkt := a.GetCnf().GetJkt(); jkt != "" {
		b = appendConfirmation(b, jkt)
	}
	for _, network := range a.GetAllowedAddresses() {
		b = appendText(b, addressesField, network)
	}
	return b
}

// appendConfirmation appends the message with the key of a bound token.
func appendConfirmation(b []byte, jkt string) []byte {
	b = protowire.AppendTag(b, cnfField, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(protowire.SizeTag(jktField)+protowire.SizeBytes(len(jkt))))
	return appendText(b, jktField, jkt)
}

// appendNumber appends a number that is not 0: proto3 omits zero values.
func appendNumber(b []byte, field protowire.Number, n uint64) []byte {
	if n == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), n)
}

func appendText(b []byte, field protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}
