package codewire_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/codewire"
	"github.com/vidocu/usher/internal/platform/oauth/oauthtest"
)

func TestEveryFieldOfACodeTravels(t *testing.T) {
	want := oauthtest.Approved()
	message := codewire.ToProto(want)
	fields := message.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		if !message.ProtoReflect().Has(fields.Get(i)) {
			t.Errorf("the field %s of the message is not set", fields.Get(i).Name())
		}
	}
	if diff := cmp.Diff(want, codewire.FromProto(message)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}
