package jsonbody

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/emptypb"
)

// ErrNotObject is a body that is not one JSON object in UTF-8.
var ErrNotObject = errors.New("the body is not one JSON object in UTF-8")

// FieldError is a known member that cannot be used.
type FieldError struct {
	Field, Problem string
}

// Error names the member and the problem.
func (e *FieldError) Error() string { return fmt.Sprintf("%s %s", e.Field, e.Problem) }

// NotOneString is the problem of a member that Culprit returns.
const NotOneString = "must be a string and must appear once"

// Texts reads the known members; those that are absent are not in the answer, and unknown ones are ignored. It fails with
// ErrNotObject or a *FieldError.
func Texts(body []byte, known func(name string) bool) (map[string]string, error) {
	texts, culprit := members(body, known)
	if culprit != "" {
		return nil, &FieldError{culprit, NotOneString}
	}
	// encoding/json mends what is not UTF-8 and stops at the object's end; protojson judges the whole.
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(body, &emptypb.Empty{}); err != nil {
		return nil, ErrNotObject
	}
	for name, text := range texts {
		if strings.IndexByte(text, 0) >= 0 {
			return nil, &FieldError{name, "has a NUL character"}
		}
	}
	return texts, nil
}

// Culprit finds the known member that is no text, or that is there twice; empty if it is the whole that cannot be read.
func Culprit(body []byte, known func(name string) bool) string {
	_, culprit := members(body, known)
	return culprit
}

func members(body []byte, known func(name string) bool) (texts map[string]string, culprit string) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // a number beyond a float's range is still a number, and none of ours
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, ""
	}
	texts = map[string]string{}
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
		if !known(name) {
			continue
		}
		text, isText := value.(string)
		if _, seen := texts[name]; !isText || seen {
			return nil, name
		}
		texts[name] = text
	}
	return texts, ""
}
