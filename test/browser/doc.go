// Package browser drives a real Chromium through Usher's pages and checks what a user sees there.
//
// It owns a Node process that controls Chromium (driver/, playwright-core), a client with a
// redirect URI on loopback, and the npm packages of both. The scenarios are in driver/scenarios,
// one file each; a Go test names the row that a scenario tests, and passes it the addresses. It
// uses only the services' public interfaces.
package browser
