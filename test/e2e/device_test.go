package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/test/harness"
)

// deviceDecision starts a device, enters its code as John and decides.
func deviceDecision(t *testing.T, d *harness.Deployment, b *harness.Browser, decision string) (harness.Device, harness.Page) {
	t.Helper()
	device, err := d.StartDevice("videos:read jobs:read")
	must(t, err)
	page, err := b.EnterDevice(harness.JohnEmail, device.UserCode)
	must(t, err)
	page, err = b.Follow(b.Decide(page, "ws_acme", decision))
	must(t, err)
	return device, page
}

// TestN9_2_DeviceAuthorizationResponse, in both media types, member by member.
func TestN9_2_DeviceAuthorizationResponse(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		form, err := d.Form("/oauth/device_authorization", url.Values{"client_id": {harness.DeviceID}, "scope": {"videos:read"}})
		must(t, err)
		json, err := d.JSON("/oauth/device_authorization", map[string]any{"client_id": harness.DeviceID, "scope": "videos:read"})
		must(t, err)
		for _, a := range []harness.Response{form, json} {
			want(t, "status", a.Status, http.StatusOK)
			members := []string{"device_code", "expires_in", "interval", "user_code", "verification_uri", "verification_uri_complete"}
			if diff := cmp.Diff(members, slices.Sorted(maps.Keys(a.Body))); diff != "" {
				t.Errorf("members: %s", diff)
			}
			for name, form := range map[string]string{"device_code": `^[0-9A-Za-z_-]{43}$`, "user_code": `^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$`} {
				if !regexp.MustCompile(form).MatchString(a.Text(name)) {
					t.Errorf("%s %q does not match %s", name, a.Text(name), form)
				}
			}
			want(t, "verification_uri", a.Text("verification_uri"), d.PublicURL+"/device")
			want(t, "verification_uri_complete", a.Text("verification_uri_complete"), d.PublicURL+"/device?user_code="+a.Text("user_code"))
			want(t, "expires_in", a.Body["expires_in"], any(float64(900)))
			want(t, "interval", a.Body["interval"], any(float64(5)))
			wantNoStore(t, a)
		}
	})
}

// TestN9_1_DeviceAuthorizationErrorsAreFlat whatever the media type, and name what is wrong.
func TestN9_1_DeviceAuthorizationErrorsAreFlat(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		const path = "/oauth/device_authorization"
		for name, row := range map[string]struct {
			body   map[string]any
			status int
			code   string
		}{
			"no client":                           {map[string]any{"scope": "videos:read"}, 400, "invalid_request"},
			"an unknown client":                   {map[string]any{"client_id": "vdo_client_nobody", "scope": "videos:read"}, 401, "invalid_client"},
			"a client without the grant type":     {map[string]any{"client_id": harness.PublicID, "scope": "videos:read"}, 400, "unauthorized_client"},
			"a confidential one without a secret": {map[string]any{"client_id": harness.ConfidentialID, "scope": "videos:read"}, 401, "invalid_client"},
			"a public one with a secret":          {map[string]any{"client_id": harness.DeviceID, "client_secret": "vdo_secret_x", "scope": "videos:read"}, 401, "invalid_client"},
			"no scope, and no default scope":      {map[string]any{"client_id": harness.DeviceID}, 400, "invalid_scope"},
			"an empty scope is an absent one":     {map[string]any{"client_id": harness.DeviceID, "scope": ""}, 400, "invalid_scope"},
			"an unknown scope":                    {map[string]any{"client_id": harness.DeviceID, "scope": "videos:read nothing:here"}, 400, "invalid_scope"},
			"an unknown resource":                 {map[string]any{"client_id": harness.DeviceID, "scope": "videos:read", "resource": "https://other.test"}, 400, "invalid_target"},
		} {
			values := url.Values{}
			for key, value := range row.body {
				values.Set(key, fmt.Sprint(value))
			}
			form, err := d.Form(path, values)
			must(t, err)
			json, err := d.JSON(path, row.body)
			must(t, err)
			for _, a := range []harness.Response{form, json} {
				if a.Status != row.status || a.Text("error") != row.code || a.Text("error_description") == "" {
					t.Errorf("%s: %d %s, want %d %s", name, a.Status, a.Raw, row.status, row.code)
				}
				wantNoStore(t, a)
			}
		}
		repeated, err := d.Form(path, url.Values{"client_id": {harness.DeviceID}, "scope": {"videos:read", "jobs:read"}})
		must(t, err)
		wantFailure(t, repeated, http.StatusBadRequest, "invalid_request", "scope is repeated")
	})
}

// TestRFC8628_4_MetadataNamesTheDeviceEndpoint and the grant type.
func TestRFC8628_4_MetadataNamesTheDeviceEndpoint(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		req, err := http.NewRequest(http.MethodGet, d.PublicURL+"/.well-known/oauth-authorization-server", nil)
		must(t, err)
		a, err := harness.Send(req)
		must(t, err)
		want(t, "device_authorization_endpoint", a.Text("device_authorization_endpoint"), d.PublicURL+"/oauth/device_authorization")
		if grants, _ := a.Body["grant_types_supported"].([]any); !slices.Contains(grants, any(harness.DeviceGrant)) {
			t.Errorf("the grant types are %v", grants)
		}
	})
}

// TestN9_5_APollIsAnsweredByTheDecision: pending, slow_down for a poll that comes too soon, then the
// tokens at once, which only this client gets, and once.
func TestN9_5_APollIsAnsweredByTheDecision(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		device, err := d.StartDevice("videos:read jobs:read")
		must(t, err)
		poll := func(status int, code string) harness.Response {
			t.Helper()
			a, err := device.Poll()
			must(t, err)
			if a.Status != status || a.Text("error") != code {
				t.Fatalf("a poll returned %d %s, want %d %s", a.Status, a.Raw, status, code)
			}
			return a
		}
		poll(400, "authorization_pending")
		poll(400, "slow_down")
		documented, err := d.JSON("/oauth/token", map[string]any{"grant_type": harness.DeviceGrant, "device_code": device.Code, "client_id": harness.DeviceID})
		must(t, err)
		wantFailure(t, documented, http.StatusBadRequest, "slow_down", "")

		page, err := b.EnterDevice(harness.JohnEmail, strings.ToLower(strings.ReplaceAll(device.UserCode, "-", " ")))
		must(t, err)
		wantPage(t, "the consent page", page, 200, "Example TV App", "You are connecting a device. Only go on if you are holding it.",
			"From the address", "127.0.0.1", "Requested", "<time datetime=", "The device receives your answer by itself.")
		wantPageHeaders(t, "the consent page", page)
		page, err = b.Follow(b.Decide(page, "ws_acme", "approve"))
		must(t, err)
		wantPage(t, "the page after the approval", page, 200, "Go back to your device", "Acme Studio")

		other, err := device.PollAs(harness.PublicID)
		must(t, err)
		wantFailure(t, other, http.StatusBadRequest, "unauthorized_client", "")
		tokens := poll(200, "")
		wantTokens(t, tokens, "videos:read jobs:read")
		wantActive(t, d, tokens.Text("access_token"), true)
		poll(400, "invalid_grant")
		wantActive(t, d, tokens.Text("access_token"), true) // a second poll revokes nothing
		refreshed, err := d.Form("/oauth/token", url.Values{
			"grant_type": {"refresh_token"}, "refresh_token": {tokens.Text("refresh_token")}, "client_id": {harness.DeviceID},
		})
		must(t, err)
		wantTokens(t, refreshed, "videos:read jobs:read")

		unknown, err := d.Form("/oauth/token", url.Values{"grant_type": {harness.DeviceGrant}, "device_code": {strings.Repeat("A", 43)}, "client_id": {harness.DeviceID}})
		must(t, err)
		wantFailure(t, unknown, http.StatusBadRequest, "invalid_grant", "Invalid or expired device code")
		absent, err := d.Form("/oauth/token", url.Values{"grant_type": {harness.DeviceGrant}, "client_id": {harness.DeviceID}})
		must(t, err)
		wantFailure(t, absent, http.StatusBadRequest, "invalid_request", "device_code is required")
		// The code of one grant type is none of the other.
		asCode, err := d.Form("/oauth/token", url.Values{
			"grant_type": {"authorization_code"}, "code": {device.Code}, "redirect_uri": {harness.CallbackURI}, "client_id": {harness.PublicID},
		})
		must(t, err)
		wantFailure(t, asCode, http.StatusBadRequest, "invalid_grant", "")
	})
}

// TestN9_5_ADeniedDeviceIsTold on every poll.
func TestN9_5_ADeniedDeviceIsTold(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		device, page := deviceDecision(t, d, b, "deny")
		wantPage(t, "the page after the denial", page, 200, "You denied this request", "Go back to your device")
		for range 2 {
			a, err := device.Poll()
			must(t, err)
			wantFailure(t, a, http.StatusBadRequest, "access_denied", "")
		}
		// The user code of a decided request is of use only where it was decided.
		again, err := b.EnterDevice(harness.JohnEmail, device.UserCode)
		must(t, err)
		wantPage(t, "the same code again", again, 200, "You denied this request")
		other, err := d.NewBrowser().EnterDevice(harness.JohnEmail, device.UserCode)
		must(t, err)
		wantPage(t, "the same code in another browser", other, 200, "No device waits with this code")
	})
}

// TestN9_5_TwoPollsAtOnceGetOneTokenPair, which stays active.
func TestN9_5_TwoPollsAtOnceGetOneTokenPair(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for range 3 {
			device, _ := deviceDecision(t, d, b, "approve")
			answers := make([]harness.Response, 4)
			harness.Race(len(answers), func(i int) {
				var err error
				if answers[i], err = device.Poll(); err != nil {
					t.Error(err)
				}
			})
			issued := 0
			for _, a := range answers {
				if a.Status == http.StatusOK {
					issued++
					wantActive(t, d, a.Text("access_token"), true)
				} else {
					wantFailure(t, a, http.StatusBadRequest, "invalid_grant", "")
				}
			}
			want(t, "number of token pairs", issued, 1)
		}
	})
}

// TestN9_4_ApproveAndDenyAtOnceDecideOnce, and page and device agree.
func TestN9_4_ApproveAndDenyAtOnceDecideOnce(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for range 3 {
			device, err := d.StartDevice("videos:read")
			must(t, err)
			page, err := b.EnterDevice(harness.JohnEmail, device.UserCode)
			must(t, err)
			harness.Race(2, func(i int) {
				if _, err := b.Decide(page, "ws_acme", []string{"approve", "deny"}[i]); err != nil {
					t.Error(err)
				}
			})
			shown, err := b.Follow(b.Get(page.URL))
			must(t, err)
			a, err := device.Poll()
			must(t, err)
			switch a.Status {
			case http.StatusOK:
				wantPage(t, "the page of an approved device", shown, 200, "Go back to your device")
			default:
				wantFailure(t, a, http.StatusBadRequest, "access_denied", "")
				wantPage(t, "the page of a denied device", shown, 200, "You denied this request")
			}
		}
	})
}

// TestN9_4_ARepeatedDecisionIsTheSame: double click, and a decision after the device has its tokens.
func TestN9_4_ARepeatedDecisionIsTheSame(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		device, err := d.StartDevice("videos:read")
		must(t, err)
		page, err := b.EnterDevice(harness.JohnEmail, device.UserCode)
		must(t, err)
		for range 2 {
			decided, err := b.Follow(b.Decide(page, "ws_acme", "approve"))
			must(t, err)
			wantPage(t, "the approval", decided, 200, "Go back to your device", "The app has not received its access yet.")
		}
		a, err := device.Poll()
		must(t, err)
		wantTokens(t, a, "videos:read")
		decided, err := b.Follow(b.Decide(page, "ws_acme", "approve"))
		must(t, err)
		wantPage(t, "the approval of a connected device", decided, 200, "Go back to your device", "The app has received its access.")
		decided, err = b.Follow(b.Decide(page, "ws_acme", "deny"))
		must(t, err)
		wantPage(t, "a denial after the approval", decided, 200, "Go back to your device")
		wantActive(t, d, a.Text("access_token"), true)
	})
}

// TestN9_6_ADisconnectEndsAPendingDevice: one that was approved, and one whose consent page is open.
func TestN9_6_ADisconnectEndsAPendingDevice(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		open, err := d.StartDevice("videos:read")
		must(t, err)
		page, err := b.EnterDevice(harness.JohnEmail, open.UserCode)
		must(t, err)
		approved, _ := deviceDecision(t, d, b, "approve")
		_, err = b.Disconnect(harness.DeviceID)
		must(t, err)
		a, err := approved.Poll()
		must(t, err)
		wantFailure(t, a, http.StatusBadRequest, "invalid_grant", "Invalid or expired device code")
		stale, err := b.Follow(b.Decide(page, "ws_acme", "approve"))
		must(t, err)
		wantPage(t, "an approval on a page from before", stale, http.StatusBadRequest, "access was ended while this page was open")
		a, err = open.Poll()
		must(t, err)
		wantFailure(t, a, http.StatusBadRequest, "authorization_pending", "")
	})
}

// TestN9_7_ACodeInTheAddressHasNoEffect: the page shows the code to be compared, and only the form
// claims the request.
func TestN9_7_ACodeInTheAddressHasNoEffect(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		device, err := d.StartDevice("videos:read")
		must(t, err)
		b := d.NewBrowser()
		page, err := b.Follow(b.Get(device.Page))
		must(t, err)
		wantPage(t, "the sign-in page", page, 200, "to connect a device")
		page, err = b.SignIn(page, harness.JohnEmail, harness.UserPassword)
		must(t, err)
		want(t, "the address after the sign-in", page.URL, device.Page)
		wantPage(t, "the page with a code", page, 200, device.UserCode, "Compare this code", "My device shows this code", "John Doe")
		wantPageHeaders(t, "the page with a code", page)
		if strings.Contains(page.Body, "Example TV App") {
			t.Error("the page looked the code up")
		}
		unknown, err := b.Get("/device?user_code=bbbb+bbbb")
		must(t, err)
		wantPage(t, "the page with an unknown code", unknown, 200, "BBBB-BBBB", "My device shows this code")
		for _, text := range []string{"Call+555+0100", "%3Cscript%3E", "AAAA-AAAA", strings.Repeat("B", 9)} {
			forged, err := b.Get("/device?user_code=" + text)
			must(t, err)
			wantPage(t, "the page with another text", forged, 200, "Enter the code", `name="user_code" type="text"`)
			if strings.Contains(forged.Body, "Call 555") || strings.Contains(forged.Body, "AAAA") || strings.Contains(forged.Body, "BBBBB") {
				t.Errorf("the address puts a text on the page: %s", forged.Body)
			}
		}
		want(t, "a form of another site", postCrossSite(t, b, d, "/device", crossSiteRequest{body: "user_code=" + device.UserCode}).Status, http.StatusForbidden)
		consent, err := b.Follow(b.Submit(page, page.Forms[len(page.Forms)-1], nil))
		must(t, err)
		wantPage(t, "the page after the confirmation", consent, 200, "Example TV App", "Only go on if you are holding it")
	})
}

// TestN9_3_FiveWrongCodesOfAUser block every code of this user, in a new session and for a new device
// too, and no other user's.
func TestN9_3_FiveWrongCodesOfAUser(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for _, code := range []string{"BBBB-BBBB", "CCCC-CCCC", "AAAA-AAAA", "1234", "FFFF-FFFF-FFFF"} {
			page, err := b.EnterDevice(harness.EstherEmail, code)
			must(t, err)
			want(t, "the address after a wrong code", page.URL, d.PublicURL+"/device")
			wantPage(t, "the page after a wrong code", page, 200, "No device waits with this code", `value="`+code+`"`)
		}
		device, err := d.StartDevice("videos:read")
		must(t, err)
		for _, browser := range []*harness.Browser{b, d.NewBrowser()} {
			page, err := browser.EnterDevice(harness.EstherEmail, device.UserCode)
			must(t, err)
			wantPage(t, "the page after five wrong codes", page, 200, "There were too many attempts.", "Try again at")
		}
		page, err := d.NewBrowser().EnterDevice(harness.JohnEmail, device.UserCode)
		must(t, err)
		wantPage(t, "another user's page", page, 200, "Example TV App")
	})
}

// TestN9_4_AnotherBrowserMayGoOn until the request is decided; the first one then shows so.
func TestN9_4_AnotherBrowserMayGoOn(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		device, err := d.StartDevice("videos:read")
		must(t, err)
		first, second := d.NewBrowser(), d.NewBrowser()
		page, err := first.EnterDevice(harness.JohnEmail, device.UserCode)
		must(t, err)
		other, err := second.EnterDevice(harness.JohnEmail, device.UserCode)
		must(t, err)
		shown, err := first.Follow(first.Decide(page, "ws_acme", "approve"))
		must(t, err)
		wantPage(t, "the first browser's decision", shown, http.StatusBadRequest, "begun in another browser")
		decided, err := second.Follow(second.Decide(other, "ws_doe", "approve"))
		must(t, err)
		wantPage(t, "the second browser's decision", decided, 200, "Go back to your device", "Doe Family")
		a, err := device.Poll()
		must(t, err)
		wantTokens(t, a, "videos:read")
	})
}
