package convert_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oauth"
)

func TestEveryFieldOfAnIdentityTravels(t *testing.T) {
	want := oauth.AppIdentity{
		Publisher: "publisher", Purpose: "purpose", ClientURI: "client", PolicyURI: "policy", TermsURI: "terms", Logo: "logo",
		Verified: true, SelfRegistered: true,
	}
	message := convert.AppIdentityToProto(want)
	fields := message.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		if !message.ProtoReflect().Has(fields.Get(i)) {
			t.Errorf("the field %s of the message is not set", fields.Get(i).Name())
		}
	}
	if diff := cmp.Diff(&want, convert.AppIdentityFromProto(message)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
	if convert.AppIdentityFromProto(nil) != nil {
		t.Error("no message has an identity")
	}
}
