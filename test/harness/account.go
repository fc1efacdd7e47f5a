package harness

import "fmt"

// Disconnect presses the button that ends an app's connection.
func (b *Browser) Disconnect(clientID string) (Page, error) {
	page, button, err := b.DisconnectButton(clientID)
	if err != nil {
		return page, err
	}
	return b.Submit(page, button, nil)
}

// DisconnectButton opens the account page and finds the button of an app.
func (b *Browser) DisconnectButton(clientID string) (Page, Form, error) {
	page, err := b.Get("/account/connected-apps")
	if err != nil {
		return page, Form{}, err
	}
	for _, form := range page.Forms {
		if form.Values.Get("client_id") == clientID {
			return page, form, nil
		}
	}
	return page, Form{}, fmt.Errorf("no button disconnects %s", clientID)
}
