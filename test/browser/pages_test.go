package browser

import "testing"

// TestFault_A12_ALinkCannotSayDisconnected: the page says so only after the user has disconnected
// an app.
func TestFault_A12_ALinkCannotSayDisconnected(t *testing.T) { play(t, "flash", nil, nil) }

// TestFault_A13_AddressesThatPeopleType: 404 and 405 are pages, and the usual addresses redirect to
// the account.
func TestFault_A13_AddressesThatPeopleType(t *testing.T) { play(t, "addresses", nil, nil) }

// TestEverythingWorksWithoutJavaScript, in the whole flow and on the account page.
func TestEverythingWorksWithoutJavaScript(t *testing.T) { play(t, "no_script", nil, nil) }

// TestEverythingWorksWithTheKeyboard: sign-in and consent, with a visible focus.
func TestEverythingWorksWithTheKeyboard(t *testing.T) { play(t, "keyboard", nil, nil) }

// TestPagesAreInTheLanguageOfTheBrowserOrOfTheClient, of which ui_locales is (OpenID Connect Core
// §3.1.2.1).
func TestPagesAreInTheLanguageOfTheBrowserOrOfTheClient(t *testing.T) { play(t, "languages", nil, nil) }
