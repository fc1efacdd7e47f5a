package dialect

import (
	"bytes"
	"encoding/json"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
)

// notStrings is the problem of a member of a list field that is anything else.
const notStrings = "must be a string or a list of strings, and must appear once"

// takeLists reads the members of list fields, each a string or a list of strings, and returns the
// body with an empty list in place of each: protojson accepts no single string. A body that is not
// an object is returned unchanged.
func takeLists(body []byte, fields protoreflect.FieldDescriptors) (rest []byte, lists map[string][]string, err error) {
	isList := func(name string) bool {
		field := fields.ByTextName(name)
		return field != nil && field.IsList()
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // a number beyond the range of float64 is valid JSON
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return body, nil, nil //nolint:nilerr // protojson reports it
	}
	copied := 0
	for d.More() {
		key, err := d.Token()
		name, ok := key.(string)
		start := d.InputOffset()
		var value any
		if err != nil || !ok || d.Decode(&value) != nil {
			return body, nil, nil // likewise
		}
		if !isList(name) {
			continue
		}
		list, ok := stringsOf(value)
		if _, seen := lists[name]; !ok || seen {
			return nil, nil, invalid(errorv1.Cause_CAUSE_PARAMETER_MALFORMED, name, notStrings)
		}
		if lists == nil {
			lists = map[string][]string{}
		}
		lists[name] = list
		rest = append(append(rest, body[copied:start]...), ":[]"...)
		copied = int(d.InputOffset())
	}
	return append(rest, body[copied:]...), lists, nil
}

func stringsOf(value any) (list []string, ok bool) {
	switch value := value.(type) {
	case string:
		return []string{value}, true
	case []any:
		for _, one := range value {
			text, ok := one.(string)
			if !ok {
				return nil, false
			}
			list = append(list, text)
		}
		return list, true
	}
	return nil, false
}

// setList sets a list field to the values that are not empty, since a parameter without a value is
// treated as omitted (RFC 6749 §3.2).
func setList(m protoreflect.Message, field protoreflect.FieldDescriptor, values []string) {
	values = slices.DeleteFunc(slices.Clone(values), func(value string) bool { return value == "" })
	if len(values) == 0 {
		return
	}
	list := m.Mutable(field).List()
	for _, value := range values {
		list.Append(protoreflect.ValueOfString(value))
	}
}
