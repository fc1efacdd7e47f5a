package browser

import (
	"testing"
	"time"
)

// TestFault_A3_WrongPasswordKeepsTheRequest: in the address, so that Enter in the address bar goes on.
func TestFault_A3_WrongPasswordKeepsTheRequest(t *testing.T) { play(t, "wrong_password", nil, nil) }

// TestFault_A5_SigningOutTwice ends at the sign-in page both times.
func TestFault_A5_SigningOutTwice(t *testing.T) { play(t, "sign_out_twice", nil, nil) }

// TestFault_A5_CookiesThatAreOff: a page says that it is cookies.
func TestFault_A5_CookiesThatAreOff(t *testing.T) {
	for name, blocked := range map[string]bool{"blocked": true, "cleared": false} {
		t.Run(name, func(t *testing.T) { play(t, "no_cookies", map[string]any{"blocked": blocked}, nil) })
	}
}

// TestFault_A6_ThrottledPageSaysWhen: the form and the request are still there.
func TestFault_A6_ThrottledPageSaysWhen(t *testing.T) { play(t, "throttled", nil, nil) }

// TestFault_A7_ExpiredRequest is told apart from one that was answered, before a password is asked for and after.
func TestFault_A7_ExpiredRequest(t *testing.T) {
	select {
	case err := <-expired:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(scenarioLimit):
		t.Error("the scenario has not ended")
	}
}

// TestFault_A7_InventedRequest is told before a password is asked for.
func TestFault_A7_InventedRequest(t *testing.T) { play(t, "invented_request", nil, nil) }

// TestFault_A7_AnotherBrowsersRequest is told apart from one that has expired.
func TestFault_A7_AnotherBrowsersRequest(t *testing.T) { play(t, "other_browser", nil, nil) }

// TestFault_A7_AnotherPersonsRequest is told apart too.
func TestFault_A7_AnotherPersonsRequest(t *testing.T) { play(t, "other_person", nil, nil) }

// TestFault_A16_SignedInGoesOn: the sign-in page is not shown to a person who is signed in.
func TestFault_A16_SignedInGoesOn(t *testing.T) { play(t, "signed_in", nil, nil) }
