package jsonbody

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/emptypb"
)

// ErrNotObject is returned for a body that is not one JSON object in UTF-8.
var ErrNotObject = errors.New("the body is not one JSON object in UTF-8")

// NotOneString is the problem of a member that is not a string or is repeated.
const NotOneString = "must be a string and must appear once"

// Member is a known member of a body.
type Member struct {
	Value string
	// Problem is why the member has no value; empty where it has one.
	Problem string
}

// Strings parses a body and returns its known members. Unknown members are ignored. It returns
// ErrNotObject.
func Strings(body []byte, isMember func(name string) bool) (map[string]Member, error) {
	// encoding/json replaces invalid UTF-8 and stops at the object's end; protojson validates the
	// whole body.
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(body, &emptypb.Empty{}); err != nil {
		return nil, ErrNotObject
	}
	found, _ := members(body, isMember)
	if found == nil {
		return nil, ErrNotObject
	}
	for name, member := range found {
		if strings.IndexByte(member.Value, 0) >= 0 {
			found[name] = Member{Problem: "has a NUL character"}
		}
	}
	return found, nil
}

// InvalidMember returns the name of the first known member that is not a string or is repeated, and
// an empty string where there is none or the body is not an object.
func InvalidMember(body []byte, isMember func(name string) bool) string {
	_, invalid := members(body, isMember)
	return invalid
}

// members returns the known members of a body, nil for one that cannot be parsed, and the name of
// the first member that is not a string or is repeated.
func members(body []byte, isMember func(name string) bool) (found map[string]Member, invalid string) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // a number beyond the range of float64 is valid JSON
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, ""
	}
	found = map[string]Member{}
	for d.More() {
		key, err := d.Token()
		name, ok := key.(string)
		if err != nil || !ok {
			return nil, invalid
		}
		var value any
		if d.Decode(&value) != nil {
			return nil, invalid
		}
		if !isMember(name) {
			continue
		}
		text, isString := value.(string)
		if _, seen := found[name]; !isString || seen {
			found[name] = Member{Problem: NotOneString}
			invalid = cmp.Or(invalid, name)
			continue
		}
		found[name] = Member{Value: text}
	}
	return found, invalid
}
