package jsonbody

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// ErrNotObject is returned for a body that is not one JSON object in UTF-8.
var ErrNotObject = errors.New("the body is not one JSON object in UTF-8")

// NotOneString is the problem of a member that InvalidMember returns.
const NotOneString = "must be a string and must appear once"

// Strings parses a body and returns the values of its known members. Unknown members are ignored.
// It returns ErrNotObject or an *oauth.FieldError.
func Strings(body []byte, isMember func(name string) bool) (map[string]string, error) {
	values, invalid := members(body, isMember)
	if invalid != "" {
		return nil, oauth.InvalidField(invalid, NotOneString)
	}
	// encoding/json replaces invalid UTF-8 and stops at the object's end; protojson validates the
	// whole body.
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(body, &emptypb.Empty{}); err != nil {
		return nil, ErrNotObject
	}
	for name, value := range values {
		if strings.IndexByte(value, 0) >= 0 {
			return nil, oauth.InvalidField(name, "has a NUL character")
		}
	}
	return values, nil
}

// InvalidMember returns the name of the known member that is not a string or is repeated, and an
// empty string where there is none or the body is not an object.
func InvalidMember(body []byte, isMember func(name string) bool) string {
	_, invalid := members(body, isMember)
	return invalid
}

func members(body []byte, isMember func(name string) bool) (values map[string]string, invalid string) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // a number beyond the range of float64 is valid JSON
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, ""
	}
	values = map[string]string{}
	for d.More() {
		key, err := d.Token()
		name, ok := key.(string)
		if err != nil || !ok {
			return nil, ""
		}
		var value any
		if d.Decode(&value) != nil {
			return nil, ""
		}
		if !isMember(name) {
			continue
		}
		text, isString := value.(string)
		if _, seen := values[name]; !isString || seen {
			return nil, name
		}
		values[name] = text
	}
	return values, ""
}
