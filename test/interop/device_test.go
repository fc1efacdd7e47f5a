package interop

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/vidocu/usher/test/harness"
)

// connectDevice opens verification_uri_complete, signs in, confirms the code and approves.
func connectDevice(t *testing.T, address string) {
	t.Helper()
	b := usher.NewBrowser()
	page, err := b.Follow(b.Get(address))
	if err != nil {
		t.Fatal(err)
	}
	if page, err = b.SignIn(page, harness.JohnEmail, harness.UserPassword); err != nil {
		t.Fatal(err)
	}
	if page, err = b.Follow(b.Submit(page, page.Forms[len(page.Forms)-1], nil)); err != nil {
		t.Fatal(err)
	}
	if page, err = b.Follow(b.Decide(page, "ws_acme", "approve")); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.Body, "Go back to your device") {
		t.Fatalf("the approval shows %s", page.Body)
	}
}

func TestRFC8628_XOAuth2_ConnectsADevice(t *testing.T) {
	config := &oauth2.Config{ClientID: harness.DeviceID, Scopes: []string{"videos:read", "jobs:read"}, Endpoint: oauth2.Endpoint{
		DeviceAuthURL: usher.PublicURL + "/oauth/device_authorization", TokenURL: usher.PublicURL + "/oauth/token", AuthStyle: oauth2.AuthStyleInParams,
	}}
	device, err := config.DeviceAuth(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	connectDevice(t, device.VerificationURIComplete)
	token, err := config.DeviceAccessToken(t.Context(), device)
	if err != nil {
		t.Fatal(err)
	}
	if !token.Valid() || token.Extra("scope") != "videos:read jobs:read" {
		t.Errorf("the library returns scope %v, expiry %s", token.Extra("scope"), token.Expiry)
	}
	if _, err := config.TokenSource(t.Context(), &oauth2.Token{RefreshToken: token.RefreshToken}).Token(); err != nil {
		t.Error(err)
	}
}

// TestRFC8628_TheCommandsOfDevicesRun, as docs/devices.md prints them.
func TestRFC8628_TheCommandsOfDevicesRun(t *testing.T) {
	page := blocks(t, "devices.md")
	run := func(info string, replace ...string) map[string]any {
		t.Helper()
		command := strings.NewReplacer(append(replace, "http://localhost:8080", usher.PublicURL)...).Replace(page[info])
		out, err := exec.CommandContext(t.Context(), "sh", "-c", command).Output()
		var body map[string]any
		if err == nil {
			err = json.Unmarshal(out, &body)
		}
		if err != nil {
			t.Fatalf("%s: %v: %s", command, err, out)
		}
		return body
	}
	started := run("sh device-start")
	code, _ := started["device_code"].(string)
	if pending := run("sh device-poll", "DEVICE_CODE", code); pending["error"] != "authorization_pending" {
		t.Errorf("the first poll returns %v", pending)
	}
	address, _ := started["verification_uri_complete"].(string)
	connectDevice(t, address)
	command := strings.Fields(page["sh device-client"])
	if out, err := usher.Operate(t.Context(), usher.bins, command[1:]...); err != nil {
		t.Errorf("%v: %s, %v", command, out, err)
	}
	if tokens := run("sh device-poll", "DEVICE_CODE", code); tokens["scope"] != "videos:read jobs:read" || tokens["refresh_token"] == nil {
		t.Errorf("the poll after the approval returns %v", tokens["error"])
	}
}

func TestRFC8628_OpenIDClient_ConnectsADevice(t *testing.T) {
	install(t)
	app := exec.CommandContext(t.Context(), absolute(t, "bin/clients/node-bin"), nodeFile(t, "device", blocks(t, "devices.md")["js device"]))
	app.Env = append(os.Environ(), "ISSUER="+usher.PublicURL, "CLIENT_ID="+harness.DeviceID)
	var errs strings.Builder
	app.Stderr = &errs
	output, err := app.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(output)
	address, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("the program prints no address and exits with %v: %s", app.Wait(), errs.String())
	}
	connectDevice(t, strings.TrimSpace(address))
	scope, _ := lines.ReadString('\n')
	if err := app.Wait(); err != nil || strings.TrimSpace(scope) != "videos:read jobs:read" {
		t.Errorf("the program exits with %v and prints the scope %q: %s", err, scope, errs.String())
	}
}
