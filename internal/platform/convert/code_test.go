package convert_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oauth/oauthtest"
)

func TestEveryFieldOfACodeTravels(t *testing.T) {
	want := oauthtest.Approved()
	message := convert.CodeToProto(want)
	fields := message.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		if !message.ProtoReflect().Has(fields.Get(i)) {
			t.Errorf("the field %s of the message is not set", fields.Get(i).Name())
		}
	}
	if diff := cmp.Diff(want, convert.CodeFromProto(message)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}
