package harness

import (
	"fmt"
	"net/url"
)

// DeviceGrant is the grant type of RFC 8628 §3.4.
const DeviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

// Device is a device that waits for a user (RFC 8628).
type Device struct {
	Code, UserCode string
	// Page is verification_uri_complete, the page with the user code in its address.
	Page string

	d *Deployment
}

// StartDevice starts a device of the fixtures' client.
func (d *Deployment) StartDevice(scope string) (Device, error) {
	return d.StartDeviceOf(DeviceID, scope)
}

// StartDeviceOf is StartDevice of another client that has no secret.
func (d *Deployment) StartDeviceOf(clientID, scope string) (Device, error) {
	res, err := d.Form("/oauth/device_authorization", url.Values{"client_id": {clientID}, "scope": {scope}})
	if err != nil || res.Status != 200 {
		return Device{}, fmt.Errorf("starting a device: %d %s (%w)", res.Status, res.Raw, err)
	}
	device := Device{Code: res.Text("device_code"), UserCode: res.Text("user_code"), Page: res.Text("verification_uri_complete"), d: d}
	d.RecordSecret("device_code", device.Code)
	d.RecordSecret("user_code", device.UserCode)
	return device, nil
}

// Poll requests the tokens of the device.
func (v Device) Poll() (Response, error) { return v.PollAs(DeviceID) }

// PollAs is Poll of another client that has no secret.
func (v Device) PollAs(clientID string) (Response, error) {
	return v.d.Form("/oauth/token", url.Values{"grant_type": {DeviceGrant}, "device_code": {v.Code}, "client_id": {clientID}})
}

// EnterDevice opens the page for devices, signs in where the browser is not, and enters a user code.
// It returns the page that follows: the consent page, or the same with an error.
func (b *Browser) EnterDevice(email, userCode string) (Page, error) {
	page, err := b.Follow(b.Get("/device"))
	if err != nil {
		return page, err
	}
	if _, signedOut := page.FormWith("password"); signedOut == nil {
		if page, err = b.SignIn(page, email, UserPassword); err != nil {
			return page, err
		}
	}
	form := page.Forms[len(page.Forms)-1] // the other one is for another account
	return b.Follow(b.Submit(page, form, map[string]string{"user_code": userCode}))
}
