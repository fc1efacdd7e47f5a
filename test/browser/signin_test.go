package browser

import (
	"testing"
	"time"
)

// TestFault_A3_WrongPasswordKeepsTheRequest in the address, so that Enter in the address bar
// continues it.
func TestFault_A3_WrongPasswordKeepsTheRequest(t *testing.T) { play(t, "wrong_password", nil, nil) }

// TestFault_A5_SigningOutTwice ends at the sign-in page both times.
func TestFault_A5_SigningOutTwice(t *testing.T) { play(t, "sign_out_twice", nil, nil) }

// TestFault_A5_CookiesThatAreOff: a page explains that cookies are blocked.
func TestFault_A5_CookiesThatAreOff(t *testing.T) {
	for name, blocked := range map[string]bool{"blocked": true, "cleared": false} {
		t.Run(name, func(t *testing.T) { play(t, "no_cookies", map[string]any{"blocked": blocked}, nil) })
	}
}

// TestFault_A6_ThrottledPageSaysWhen to try again, and keeps the form and the request.
func TestFault_A6_ThrottledPageSaysWhen(t *testing.T) { play(t, "throttled", nil, nil) }

// TestFault_A7_ExpiredRequest has another page than a decided one, before the password is entered
// and after.
func TestFault_A7_ExpiredRequest(t *testing.T) {
	select {
	case err := <-expired:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(scenarioLimit):
		t.Error("the scenario has not finished")
	}
}

// TestFault_A7_InventedRequest: the page says so before a password is entered.
func TestFault_A7_InventedRequest(t *testing.T) { play(t, "invented_request", nil, nil) }

// TestFault_A7_AnotherBrowsersRequest has another page than an expired one.
func TestFault_A7_AnotherBrowsersRequest(t *testing.T) { play(t, "other_browser", nil, nil) }

// TestFault_A7_AnotherPersonsRequest has a page of its own too.
func TestFault_A7_AnotherPersonsRequest(t *testing.T) { play(t, "other_person", nil, nil) }

// TestFault_A16_SignedInGoesOn: a signed-in user does not see the sign-in page.
func TestFault_A16_SignedInGoesOn(t *testing.T) { play(t, "signed_in", nil, nil) }

// TestDevices_AnotherBrowserIsSignedOut, once: going back and reloading does nothing more.
func TestDevices_AnotherBrowserIsSignedOut(t *testing.T) { play(t, "devices", nil, nil) }
