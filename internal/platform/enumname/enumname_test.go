package enumname_test

import (
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
)

func TestAValueAndItsNameAreConverted(t *testing.T) {
	for value, name := range map[authzv1.ClientType]string{
		authzv1.ClientType_CLIENT_TYPE_PUBLIC:       "public",
		authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL: "confidential",
		authzv1.ClientType_CLIENT_TYPE_UNSPECIFIED:  "",
	} {
		if got := enumname.Of(value); got != name {
			t.Errorf("%v is %q, want %q", value, got, name)
		}
		if got := enumname.Parse[authzv1.ClientType](name); got != value {
			t.Errorf("%q is %v, want %v", name, got, value)
		}
	}
	if got := enumname.Of(authzv1.ClientType(99)); got != "" {
		t.Errorf("a value that does not exist is %q", got)
	}
	for _, name := range []string{"unspecified", "PUBLIC", "client_type_public"} {
		if got := enumname.Parse[authzv1.ClientType](name); got != 0 {
			t.Errorf("%q is %v, want none", name, got)
		}
	}
}
