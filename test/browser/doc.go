// Package browser drives a real Chromium through Usher's pages and checks what a person meets there.
//
// It owns a Node process that controls Chromium (driver/, playwright-core), a client with a redirect URI on loopback, and the
// npm packages of both. The scenarios are in driver/scenarios, one file each; a Go test names the row that a scenario
// proves, and passes it the addresses. It never looks inside a service.
package browser
