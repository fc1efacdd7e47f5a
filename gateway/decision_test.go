package gateway_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	"github.com/vidocu/usher/internal/platform/secret"
)

// TestTheDecisionNamesThePageThatItWasMadeOn: its client and epoch, which a form cannot change, and
// whether an earlier post was of the same page.
func TestTheDecisionNamesThePageThatItWasMadeOn(t *testing.T) {
	p, request := signedIn(t), secret.NewCode().Reveal()
	p.respond("GetPrompt", &consentv1.GetPromptResponse{Page: &consentv1.Page{ClientId: "app with spaces", Epoch: 7}}, nil)
	var made []*consentv1.DecideRequest
	p.services["Decide"] = func(req proto.Message) (proto.Message, error) {
		decide, _ := req.(*consentv1.DecideRequest)
		made = append(made, decide)
		return &consentv1.DecideResponse{Location: "https://app.test/cb?code=1"}, nil
	}
	decide := func(token string) {
		p.post("/consent/decision", url.Values{"csrf_token": {token}, "request": {request}, "decision": {"approve"}, "workspace_id": {"ws_1"}})
	}
	first, second := csrf(t, p.get("/consent?request="+request)), csrf(t, p.get("/consent?request="+request))
	_, mac, _ := strings.Cut(first, ".")
	for _, forged := range []string{
		base64.RawURLEncoding.EncodeToString([]byte("8 ABCDEFGH app with spaces")) + "." + mac, mac, "." + mac, "!." + mac, strings.ToUpper(first),
	} {
		if decide(forged); len(made) > 0 {
			t.Fatalf("the token %q is accepted", forged)
		}
	}
	decide(first)
	decide(first)
	decide(second)
	if len(made) != 3 {
		t.Fatalf("%d decisions are made, want 3", len(made))
	}
	for i, same := range []bool{false, true, false} {
		if page := made[i].GetPage(); page.GetClientId() != "app with spaces" || page.GetEpoch() != 7 || made[i].GetSameForm() != same {
			t.Errorf("decision %d: page %v, same form %v", i+1, page, made[i].GetSameForm())
		}
	}
}
