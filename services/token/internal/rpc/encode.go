package rpc

import (
	"google.golang.org/protobuf/encoding/protowire"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// Protobuf's encoder goes over a batch twice by reflection, which costs as much as finding the
// answers did. A batch is therefore written here, field by field, and handed over as what is
// encoded already; what reaches the caller is the same.

// Numbers of the fields of BatchIntrospectTokensResponse and IntrospectTokenResponse.
const (
	responsesField = 1

	activeField      = 1
	scopeField       = 2
	clientIDField    = 3
	subField         = 4
	usernameField    = 5
	expField         = 7
	iatField         = 8
	workspaceIDField = 10
	kindField        = 11
	planField        = 12
	grantIDField     = 13
	expiresInMsField = 14
	nameField        = 15
)

// usualAnswer is room enough for most answers, in bytes.
const usualSize = 224

// answers are those of a batch as they are on the wire, and room to write the next one.
type batchEncoder struct{ raw, next []byte }

func newBatchEncoder(n int) batchEncoder {
	return batchEncoder{raw: make([]byte, 0, n*usualSize), next: make([]byte, 0, usualSize)}
}

// add adds the next answer, without what the response says for all.
func (a *batchEncoder) add(res *tokenv1.IntrospectTokenResponse) {
	a.next = appendResponse(a.next[:0], res)
	a.raw = protowire.AppendBytes(protowire.AppendTag(a.raw, responsesField, protowire.BytesType), a.next)
}

// response holds what was added in a form that only an encoder looks at: Answers stays empty until
// it was sent.
func (a *batchEncoder) response(issuer string) *tokenv1.BatchIntrospectTokensResponse {
	res := &tokenv1.BatchIntrospectTokensResponse{Iss: issuer, TokenType: tokenType}
	res.ProtoReflect().SetUnknown(a.raw)
	return res
}

func appendResponse(b []byte, a *tokenv1.IntrospectTokenResponse) []byte {
	b = appendNumber(b, activeField, protowire.EncodeBool(a.Active))
	b = appendText(b, scopeField, a.Scope)
	b = appendText(b, clientIDField, a.ClientId)
	b = appendText(b, subField, a.Sub)
	b = appendText(b, usernameField, a.Username)
	b = appendNumber(b, expField, uint64(a.Exp))
	b = appendNumber(b, iatField, uint64(a.Iat))
	b = appendText(b, workspaceIDField, a.WorkspaceId)
	b = appendNumber(b, kindField, uint64(a.Kind))
	b = appendText(b, planField, a.Plan)
	if len(a.GrantId) > 0 {
		b = protowire.AppendBytes(protowire.AppendTag(b, grantIDField, protowire.BytesType), a.GrantId)
	}
	b = appendNumber(b, expiresInMsField, uint64(a.ExpiresInMs))
	return appendText(b, nameField, a.Name)
}

// appendNumber appends a number that is not 0: proto3 leaves out what is empty.
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
