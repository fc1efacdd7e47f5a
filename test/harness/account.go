package harness

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Disconnect submits the form that disconnects a client from the user's account.
func (b *Browser) Disconnect(clientID string) (Page, error) {
	page, button, err := b.DisconnectButton(clientID)
	if err != nil {
		return page, err
	}
	return b.Submit(page, button, nil)
}

// DisconnectButton opens the account page and finds the form that disconnects a client.
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

// SignInAs signs a user of the fixtures in, outside any authorization request.
func (b *Browser) SignInAs(email string) error {
	page, err := b.Follow(b.Get("/account/connected-apps"))
	if err != nil {
		return err
	}
	page, err = b.SignIn(page, email, UserPassword)
	if err == nil && page.Status != http.StatusOK {
		err = fmt.Errorf("signing in as %s led to status %d", email, page.Status)
	}
	return err
}

// Cookies returns the Cookie header that the browser sends to the deployment.
func (b *Browser) Cookies() string {
	base, err := url.Parse(b.base)
	if err != nil {
		return ""
	}
	var pairs []string
	for _, c := range b.Client.Jar.Cookies(base) {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return strings.Join(pairs, "; ")
}
