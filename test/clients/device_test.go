package clients

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// deviceDecision starts a device, enters its code as John and decides.
func deviceDecision(t *testing.T, d *harness.Deployment, b *harness.Browser, decision string) (harness.Device, harness.Page) {
	t.Helper()
	device, err := d.StartDevice("videos:read jobs:read")
	expect.NoError(t, err)
	page, err := b.EnterDevice(harness.JohnEmail, device.UserCode)
	expect.NoError(t, err)
	page, err = b.Follow(b.Decide(page, "ws_acme", decision))
	expect.NoError(t, err)
	return device, page
}

// TestN9_2_DeviceAuthorizationResponse, in both media types, member by member.
func TestN9_2_DeviceAuthorizationResponse(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		form, err := d.Form("/oauth/device_authorization", url.Values{"client_id": {harness.DeviceID}, "scope": {"videos:read"}})
		expect.NoError(t, err)
		json, err := d.JSON("/oauth/device_authorization", map[string]any{"client_id": harness.DeviceID, "scope": "videos:read"})
		expect.NoError(t, err)
		for _, a := range []harness.Response{form, json} {
			expect.Equal(t, "status", a.Status, http.StatusOK)
			members := []string{"device_code", "expires_in", "interval", "user_code", "verification_uri", "verification_uri_complete"}
			if diff := cmp.Diff(members, slices.Sorted(maps.Keys(a.Body))); diff != "" {
				t.Errorf("members: %s", diff)
			}
			for name, form := range map[string]string{"device_code": `^[0-9A-Za-z_-]{43}$`, "user_code": `^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$`} {
				if !regexp.MustCompile(form).MatchString(a.Text(name)) {
					t.Errorf("%s %q does not match %s", name, a.Text(name), form)
				}
			}
			expect.Equal(t, "verification_uri", a.Text("verification_uri"), d.PublicURL+"/device")
			expect.Equal(t, "verification_uri_complete", a.Text("verification_uri_complete"), d.PublicURL+"/device?user_code="+a.Text("user_code"))
			expect.Equal(t, "expires_in", a.Body["expires_in"], any(float64(900)))
			expect.Equal(t, "interval", a.Body["interval"], any(float64(5)))
			expect.NoStore(t, a)
		}
	})
}

// TestN9_1_DeviceAuthorizationErrorsAreFlat whatever the media type, and name what is wrong.
func TestN9_1_DeviceAuthorizationErrorsAreFlat(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
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
			expect.NoError(t, err)
			json, err := d.JSON(path, row.body)
			expect.NoError(t, err)
			for _, a := range []harness.Response{form, json} {
				if a.Status != row.status || a.Text("error") != row.code || a.Text("error_description") == "" {
					t.Errorf("%s: %d %s, want %d %s", name, a.Status, a.Raw, row.status, row.code)
				}
				expect.NoStore(t, a)
			}
		}
		repeated, err := d.Form(path, url.Values{"client_id": {harness.DeviceID}, "scope": {"videos:read", "jobs:read"}})
		expect.NoError(t, err)
		expect.Failure(t, repeated, http.StatusBadRequest, "invalid_request", "scope is repeated")
	})
}

// TestRFC8628_4_MetadataNamesTheDeviceEndpoint and the grant type.
func TestRFC8628_4_MetadataNamesTheDeviceEndpoint(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		req, err := http.NewRequest(http.MethodGet, d.PublicURL+"/.well-known/oauth-authorization-server", nil)
		expect.NoError(t, err)
		a, err := harness.Send(req)
		expect.NoError(t, err)
		expect.Equal(t, "device_authorization_endpoint", a.Text("device_authorization_endpoint"), d.PublicURL+"/oauth/device_authorization")
		if grants, _ := a.Body["grant_types_supported"].([]any); !slices.Contains(grants, any(harness.DeviceGrant)) {
			t.Errorf("the grant types are %v", grants)
		}
	})
}

// TestN9_5_APollIsAnsweredByTheDecision: pending, slow_down for a poll that comes too soon, then the
// tokens at once, which only this client gets, and once.
func TestN9_5_APollIsAnsweredByTheDecision(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		device, err := d.StartDevice("videos:read jobs:read")
		expect.NoError(t, err)
		poll := func(status int, code string) harness.Response {
			t.Helper()
			a, err := device.Poll()
			expect.NoError(t, err)
			if a.Status != status || a.Text("error") != code {
				t.Fatalf("a poll returned %d %s, want %d %s", a.Status, a.Raw, status, code)
			}
			return a
		}
		poll(400, "authorization_pending")
		poll(400, "slow_down")
		documented, err := d.JSON("/oauth/token", map[string]any{"grant_type": harness.DeviceGrant, "device_code": device.Code, "client_id": harness.DeviceID})
		expect.NoError(t, err)
		expect.Failure(t, documented, http.StatusBadRequest, "slow_down", "")

		page, err := b.EnterDevice(harness.JohnEmail, strings.ToLower(strings.ReplaceAll(device.UserCode, "-", " ")))
		expect.NoError(t, err)
		expect.Page(t, "the consent page", page, 200, "Example TV App", "You are connecting a device. Only go on if you are holding it.",
			"From the address", "127.0.0.1", "Requested", "<time datetime=", "The device receives your answer by itself.")
		expect.PageHeaders(t, "the consent page", page)
		page, err = b.Follow(b.Decide(page, "ws_acme", "approve"))
		expect.NoError(t, err)
		expect.Page(t, "the page after the approval", page, 200, "Go back to your device", "Acme Studio")

		other, err := device.PollAs(harness.PublicID)
		expect.NoError(t, err)
		expect.Failure(t, other, http.StatusBadRequest, "unauthorized_client", "")
		tokens := poll(200, "")
		expect.Tokens(t, tokens, "videos:read jobs:read")
		expect.Active(t, d, tokens.Text("access_token"), true)
		poll(400, "invalid_grant")
		expect.Active(t, d, tokens.Text("access_token"), true) // a second poll revokes nothing
		refreshed, err := d.Form("/oauth/token", url.Values{
			"grant_type": {"refresh_token"}, "refresh_token": {tokens.Text("refresh_token")}, "client_id": {harness.DeviceID},
		})
		expect.NoError(t, err)
		expect.Tokens(t, refreshed, "videos:read jobs:read")

		unknown, err := d.Form("/oauth/token", url.Values{"grant_type": {harness.DeviceGrant}, "device_code": {strings.Repeat("A", 43)}, "client_id": {harness.DeviceID}})
		expect.NoError(t, err)
		expect.Failure(t, unknown, http.StatusBadRequest, "invalid_grant", "Invalid or expired device code")
		absent, err := d.Form("/oauth/token", url.Values{"grant_type": {harness.DeviceGrant}, "client_id": {harness.DeviceID}})
		expect.NoError(t, err)
		expect.Failure(t, absent, http.StatusBadRequest, "invalid_request", "device_code is required")
		// The code of one grant type is none of the other.
		asCode, err := d.Form("/oauth/token", url.Values{
			"grant_type": {"authorization_code"}, "code": {device.Code}, "redirect_uri": {harness.CallbackURI}, "client_id": {harness.PublicID},
		})
		expect.NoError(t, err)
		expect.Failure(t, asCode, http.StatusBadRequest, "invalid_grant", "")
	})
}

// TestN9_5_ADeniedDeviceIsTold on every poll.
func TestN9_5_ADeniedDeviceIsTold(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		device, page := deviceDecision(t, d, b, "deny")
		expect.Page(t, "the page after the denial", page, 200, "You denied this request", "Go back to your device")
		for range 2 {
			a, err := device.Poll()
			expect.NoError(t, err)
			expect.Failure(t, a, http.StatusBadRequest, "access_denied", "")
		}
		// The user code of a decided request is of use only where it was decided.
		again, err := b.EnterDevice(harness.JohnEmail, device.UserCode)
		expect.NoError(t, err)
		expect.Page(t, "the same code again", again, 200, "You denied this request")
		other, err := d.NewBrowser().EnterDevice(harness.JohnEmail, device.UserCode)
		expect.NoError(t, err)
		expect.Page(t, "the same code in another browser", other, 200, "No device waits with this code")
	})
}

// TestN9_5_TwoPollsAtOnceGetOneTokenPair, which stays active.
func TestN9_5_TwoPollsAtOnceGetOneTokenPair(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
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
					expect.Active(t, d, a.Text("access_token"), true)
				} else {
					expect.Failure(t, a, http.StatusBadRequest, "invalid_grant", "")
				}
			}
			expect.Equal(t, "number of token pairs", issued, 1)
		}
	})
}

// TestN9_4_ApproveAndDenyAtOnceDecideOnce, and page and device agree.
func TestN9_4_ApproveAndDenyAtOnceDecideOnce(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for range 3 {
			device, err := d.StartDevice("videos:read")
			expect.NoError(t, err)
			page, err := b.EnterDevice(harness.JohnEmail, device.UserCode)
			expect.NoError(t, err)
			harness.Race(2, func(i int) {
				if _, err := b.Decide(page, "ws_acme", []string{"approve", "deny"}[i]); err != nil {
					t.Error(err)
				}
			})
			shown, err := b.Follow(b.Get(page.URL))
			expect.NoError(t, err)
			a, err := device.Poll()
			expect.NoError(t, err)
			switch a.Status {
			case http.StatusOK:
				expect.Page(t, "the page of an approved device", shown, 200, "Go back to your device")
			default:
				expect.Failure(t, a, http.StatusBadRequest, "access_denied", "")
				expect.Page(t, "the page of a denied device", shown, 200, "You denied this request")
			}
		}
	})
}

// TestN9_4_ARepeatedDecisionIsTheSame: double click, and a decision after the device has its tokens.
func TestN9_4_ARepeatedDecisionIsTheSame(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		device, err := d.StartDevice("videos:read")
		expect.NoError(t, err)
		page, err := b.EnterDevice(harness.JohnEmail, device.UserCode)
		expect.NoError(t, err)
		for range 2 {
			decided, err := b.Follow(b.Decide(page, "ws_acme", "approve"))
			expect.NoError(t, err)
			expect.Page(t, "the approval", decided, 200, "Go back to your device", "The app has not received its access yet.")
		}
		a, err := device.Poll()
		expect.NoError(t, err)
		expect.Tokens(t, a, "videos:read")
		decided, err := b.Follow(b.Decide(page, "ws_acme", "approve"))
		expect.NoError(t, err)
		expect.Page(t, "the approval of a connected device", decided, 200, "Go back to your device", "The app has received its access.")
		decided, err = b.Follow(b.Decide(page, "ws_acme", "deny"))
		expect.NoError(t, err)
		expect.Page(t, "a denial after the approval", decided, 200, "Go back to your device")
		expect.Active(t, d, a.Text("access_token"), true)
	})
}

// TestN9_6_ADisconnectEndsAPendingDevice: one that was approved, and one whose consent page is open.
func TestN9_6_ADisconnectEndsAPendingDevice(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		open, err := d.StartDevice("videos:read")
		expect.NoError(t, err)
		page, err := b.EnterDevice(harness.JohnEmail, open.UserCode)
		expect.NoError(t, err)
		approved, _ := deviceDecision(t, d, b, "approve")
		_, err = b.Disconnect(harness.DeviceID)
		expect.NoError(t, err)
		a, err := approved.Poll()
		expect.NoError(t, err)
		expect.Failure(t, a, http.StatusBadRequest, "invalid_grant", "Invalid or expired device code")
		stale, err := b.Follow(b.Decide(page, "ws_acme", "approve"))
		expect.NoError(t, err)
		expect.Page(t, "an approval on a page from before", stale, http.StatusBadRequest, "access was ended while this page was open")
		a, err = open.Poll()
		expect.NoError(t, err)
		expect.Failure(t, a, http.StatusBadRequest, "authorization_pending", "")
	})
}

// TestN9_7_ACodeInTheAddressHasNoEffect: the page shows the code to be compared, and only the form
// claims the request.
func TestN9_7_ACodeInTheAddressHasNoEffect(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		device, err := d.StartDevice("videos:read")
		expect.NoError(t, err)
		b := d.NewBrowser()
		page, err := b.Follow(b.Get(device.Page))
		expect.NoError(t, err)
		expect.Page(t, "the sign-in page", page, 200, "to connect a device")
		page, err = b.SignIn(page, harness.JohnEmail, harness.UserPassword)
		expect.NoError(t, err)
		expect.Equal(t, "the address after the sign-in", page.URL, device.Page)
		expect.Page(t, "the page with a code", page, 200, device.UserCode, "Compare this code", "My device shows this code", "John Doe")
		expect.PageHeaders(t, "the page with a code", page)
		if strings.Contains(page.Body, "Example TV App") {
			t.Error("the page looked the code up")
		}
		unknown, err := b.Get("/device?user_code=bbbb+bbbb")
		expect.NoError(t, err)
		expect.Page(t, "the page with an unknown code", unknown, 200, "BBBB-BBBB", "My device shows this code")
		for _, text := range []string{"Call+555+0100", "%3Cscript%3E", "AAAA-AAAA", strings.Repeat("B", 9)} {
			forged, err := b.Get("/device?user_code=" + text)
			expect.NoError(t, err)
			expect.Page(t, "the page with another text", forged, 200, "Enter the code", `name="user_code" type="text"`)
			if strings.Contains(forged.Body, "Call 555") || strings.Contains(forged.Body, "AAAA") || strings.Contains(forged.Body, "BBBBB") {
				t.Errorf("the address puts a text on the page: %s", forged.Body)
			}
		}
		expect.Equal(t, "a form of another site", expect.Posted(t, b, "/device", harness.CrossSite{Body: "user_code=" + device.UserCode}).Status, http.StatusForbidden)
		consent, err := b.Follow(b.Submit(page, page.Forms[len(page.Forms)-1], nil))
		expect.NoError(t, err)
		expect.Page(t, "the page after the confirmation", consent, 200, "Example TV App", "Only go on if you are holding it")
	})
}

// TestN9_3_FiveWrongCodesOfAUser block every code of this user, in a new session and for a new device
// too, and no other user's.
func TestN9_3_FiveWrongCodesOfAUser(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b, attempt := d.NewBrowser(), 0
		wrong := []string{"BBBB-BBBB", "CCCC-CCCC", "AAAA-AAAA", "1234", "FFFF-FFFF-FFFF"}
		expect.RateLimit{Attempts: len(wrong), Window: 10 * time.Minute}.Exhaust(t, func() time.Duration {
			code := wrong[attempt%len(wrong)]
			attempt++
			page, err := b.EnterDevice(harness.EstherEmail, code)
			expect.NoError(t, err)
			expect.Equal(t, "the address after a wrong code", page.URL, d.PublicURL+"/device")
			wait := expect.PageWait(t, page)
			if wait == 0 {
				expect.Page(t, "the page after a wrong code", page, 200, "No device waits with this code", `value="`+code+`"`)
			}
			return wait
		})
		device, err := d.StartDevice("videos:read")
		expect.NoError(t, err)
		for _, browser := range []*harness.Browser{b, d.NewBrowser()} {
			page, err := browser.EnterDevice(harness.EstherEmail, device.UserCode)
			expect.NoError(t, err)
			expect.Page(t, "the page after five wrong codes", page, 200, "There were too many attempts.", "Try again at")
		}
		page, err := d.NewBrowser().EnterDevice(harness.JohnEmail, device.UserCode)
		expect.NoError(t, err)
		expect.Page(t, "another user's page", page, 200, "Example TV App")
	})
}

// TestN9_4_AnotherBrowserMayGoOn until the request is decided; the first one then shows so.
func TestN9_4_AnotherBrowserMayGoOn(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		device, err := d.StartDevice("videos:read")
		expect.NoError(t, err)
		first, second := d.NewBrowser(), d.NewBrowser()
		page, err := first.EnterDevice(harness.JohnEmail, device.UserCode)
		expect.NoError(t, err)
		other, err := second.EnterDevice(harness.JohnEmail, device.UserCode)
		expect.NoError(t, err)
		shown, err := first.Follow(first.Decide(page, "ws_acme", "approve"))
		expect.NoError(t, err)
		expect.Page(t, "the first browser's decision", shown, http.StatusBadRequest, "begun in another browser")
		decided, err := second.Follow(second.Decide(other, "ws_doe", "approve"))
		expect.NoError(t, err)
		expect.Page(t, "the second browser's decision", decided, 200, "Go back to your device", "Doe Family")
		a, err := device.Poll()
		expect.NoError(t, err)
		expect.Tokens(t, a, "videos:read")
	})
}
