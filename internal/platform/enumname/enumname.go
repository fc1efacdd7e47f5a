// Package enumname converts between the values of an enum of the contract and their names without the enum's
// prefix, in small letters, as files, forms and the command line have them: CLIENT_TYPE_PUBLIC is `public`.
package enumname

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Of returns the name of a value; empty for the unspecified value, and for one that this release does not
// know.
func Of(value protoreflect.Enum) string {
	values := value.Descriptor().Values()
	found := values.ByNumber(value.Number())
	if found == nil || value.Number() == 0 {
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(string(found.Name()), prefix(values)))
}

// Parse returns the value with a name; the unspecified one where there is none.
func Parse[E interface {
	~int32
	protoreflect.Enum
}](name string) E {
	values := E(0).Descriptor().Values()
	found := values.ByName(protoreflect.Name(prefix(values) + strings.ToUpper(name)))
	if found == nil || name != strings.ToLower(name) {
		return 0
	}
	return E(found.Number())
}

// prefix begins the names of an enum's values: that of 0 is it and UNSPECIFIED.
func prefix(values protoreflect.EnumValueDescriptors) string {
	return strings.TrimSuffix(string(values.ByNumber(0).Name()), "UNSPECIFIED")
}
