package oauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// ErrNotObject is a document that is not exactly one JSON object in UTF-8.
var ErrNotObject = errors.New("the document is not a JSON object")

// RepeatedMemberError is the name of a member that occurs twice: two parsers could read different
// values of it.
type RepeatedMemberError string

func (RepeatedMemberError) Error() string { return "a member occurs twice" }

// ParseObject returns the members of a JSON object, such as client metadata (RFC 7591 §2). Unlike
// those of a struct, their names are case-sensitive. It returns ErrNotObject or a RepeatedMemberError.
func ParseObject(document []byte) (map[string]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') || !utf8.Valid(document) {
		return nil, ErrNotObject
	}
	members := map[string]json.RawMessage{}
	for decoder.More() {
		key, err := decoder.Token()
		name, isString := key.(string)
		if err != nil || !isString {
			return nil, ErrNotObject
		}
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			return nil, ErrNotObject
		}
		if _, repeated := members[name]; repeated {
			return nil, RepeatedMemberError(name)
		}
		members[name] = value
	}
	if _, err := decoder.Token(); err != nil {
		return nil, ErrNotObject
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrNotObject
	}
	return members, nil
}
