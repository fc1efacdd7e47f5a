package convert_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oauth"
)

func TestEveryFieldOfAConnectionTravels(t *testing.T) {
	full := oauth.Connection{ClientID: "app", Epoch: 3, Lenient: 2, LastUsed: time.UnixMicro(1_700_000_000_000_001).UTC(), DescriptionDigest: "digest"}
	for field, value := range reflect.ValueOf(full).Fields() {
		if (field.Name == "Lifetimes") != value.IsZero() { // the list has them once, and no connection of it
			t.Errorf("the test sets the field %s: %t", field.Name, !value.IsZero())
		}
	}
	for _, want := range []oauth.Connection{full, {}} {
		if diff := cmp.Diff(want, convert.ConnectionFromProto(convert.ConnectionToProto(want))); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
	}
	message := convert.ConnectionToProto(full).ProtoReflect()
	fields := message.Descriptor().Fields()
	for i := range fields.Len() {
		if !message.Has(fields.Get(i)) {
			t.Errorf("the field %s of the message is not set", fields.Get(i).Name())
		}
	}
}
