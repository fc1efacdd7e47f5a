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
	prefix := strings.TrimSuffix(string(values.ByNumber(0).Name()), "UNSPECIFIED")
	return strings.ToLower(strings.TrimPrefix(string(found.Name()), prefix))
}

// Parse returns the value with a name; the unspecified one where there is none.
func Parse[E interface {
	~int32
	protoreflect.Enum
}](name string) E {
	values := E(0).Descriptor().Values()
	for i := range values.Len() {
		if value := E(values.Get(i).Number()); name == Of(value) {
			return value
		}
	}
	return 0
}
