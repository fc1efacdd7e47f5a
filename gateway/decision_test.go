package gateway_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
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

// TestADecisionThatReachesThePreviousReleaseIsMade: release 0.1 knows no page in a decision, and
// decides only what was bound to its viewer before. A decided authorization cannot be bound.
func TestADecisionThatReachesThePreviousReleaseIsMade(t *testing.T) {
	for name, bindable := range map[string]bool{"an open authorization": true, "a decided authorization": false} {
		t.Run(name, func(t *testing.T) {
			p, request := signedIn(t), secret.NewCode().Reveal()
			notFound := oerr.New(errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, "x")
			bound := false
			p.services["GetPrompt"] = func(req proto.Message) (proto.Message, error) {
				if prompt, _ := req.(*consentv1.GetPromptRequest); prompt.GetPageInDecision() {
					return &consentv1.GetPromptResponse{Page: &consentv1.Page{ClientId: "app", Epoch: 7}}, nil
				}
				if bound = bindable; !bound {
					return nil, notFound
				}
				return &consentv1.GetPromptResponse{}, nil
			}
			decisions := 0
			p.services["Decide"] = func(req proto.Message) (proto.Message, error) {
				decisions++
				if decide, _ := req.(*consentv1.DecideRequest); !bound || decide.GetPage() != nil {
					return nil, notFound
				}
				return &consentv1.DecideResponse{Location: "https://app.test/cb?code=1"}, nil
			}
			token := csrf(t, p.get("/consent?request="+request))
			made := p.post("/consent/decision", url.Values{"csrf_token": {token}, "request": {request}, "decision": {"approve"}, "workspace_id": {"ws_1"}})
			want, wantDecisions := "/consent?request="+request, 1
			if bindable {
				want, wantDecisions = "https://app.test/cb?code=1", 2
			}
			if got := made.Header().Get("Location"); got != want || decisions != wantDecisions {
				t.Errorf("the decision leads to %q after %d calls, want %q after %d", got, decisions, want, wantDecisions)
			}
		})
	}
}
