package browser

import (
	"fmt"
	"testing"
)

// TestFault_A1_DoubleClickReachesTheApp: after two clicks the browser is at the app, which has an
// active token after Allow.
func TestFault_A1_DoubleClickReachesTheApp(t *testing.T) {
	for _, decision := range []string{"approve", "deny"} {
		for _, latency := range []int{0, 100, 200} {
			for round := range *rounds {
				gap := 20 + 60*(round%4)
				t.Run(fmt.Sprintf("%s after %d ms, %d ms between the clicks, %d", decision, latency, gap, round), func(t *testing.T) {
					play(t, "double_click", map[string]any{"decision": decision, "latency": latency, "gap": gap}, nil)
				})
			}
		}
	}
}

// TestFault_A2_A4_BackAndReloadAfterEveryStep: no error page, no false sentence, and no form that
// is posted again.
func TestFault_A2_A4_BackAndReloadAfterEveryStep(t *testing.T) { play(t, "back_and_reload", nil, nil) }

// TestFault_A2_ACodeThatWasNotRedeemed is sent to the client again, or a new one in its place.
func TestFault_A2_ACodeThatWasNotRedeemed(t *testing.T) { play(t, "unredeemed", nil, nil) }

// TestFault_A5_TwoTabsBothGoOn: the second tab's forms were loaded before the first tab signed in
// and decided.
func TestFault_A5_TwoTabsBothGoOn(t *testing.T) { play(t, "two_tabs", nil, nil) }

// TestFault_A5_AllowAfterSigningOutElsewhere: the user signs in again, and the authorization
// request is kept.
func TestFault_A5_AllowAfterSigningOutElsewhere(t *testing.T) {
	play(t, "allow_after_sign_out", nil, nil)
}

// TestFault_A8_AnotherAccount: "Not you?" keeps the request.
func TestFault_A8_AnotherAccount(t *testing.T) { play(t, "not_you", nil, nil) }

// TestFault_A8_PromptsAreFollowed: prompt=login, prompt=select_account, max_age and login_hint
// (OpenID Connect Core §3.1.2.1).
func TestFault_A8_PromptsAreFollowed(t *testing.T) { play(t, "prompts", nil, nil) }
