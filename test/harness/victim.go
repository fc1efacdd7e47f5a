package harness

import (
	"context"
	"fmt"
	"net/http"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// Victim is a credential that is live, and a way to end it.
type Victim struct {
	Name, Token string
	// End ends it, and fails unless it was told that it did.
	End func(ctx context.Context) error
}

// Victims are one credential for each of the five ways in which what is live ends: it is revoked, its code is replayed, its
// app is disconnected, its refresh token is used again, and, an API key, it is revoked by an operator. All are the example
// users', whose connections the ways end: there is one set of victims at a time.
func (d *Deployment) Victims(ctx context.Context) ([]Victim, error) {
	var list []Victim
	for _, make := range []func(context.Context) (Victim, error){d.revoked, d.replayed, d.disconnected, d.reused, d.keyRevoked} {
		v, err := make(ctx)
		if err != nil {
			return nil, fmt.Errorf("preparing a token to end: %w", err)
		}
		list = append(list, v)
	}
	return list, nil
}

func (d *Deployment) revoked(context.Context) (Victim, error) {
	tokens, err := d.Issue(d.NewBrowser(), Request{})
	return Victim{"revoked", tokens.Access, func(context.Context) error {
		return answers(http.StatusOK)(d.JSON("/oauth/revoke", map[string]any{"token": tokens.Access}))
	}}, err
}

func (d *Deployment) replayed(context.Context) (Victim, error) {
	code, err := d.NewBrowser().Approve(Request{})
	if err != nil {
		return Victim{}, err
	}
	a, err := d.Exchange(code, Request{})
	return Victim{"code-replayed", a.Text("access_token"), func(context.Context) error {
		return answers(http.StatusUnauthorized)(d.Exchange(code, Request{}))
	}}, err
}

func (d *Deployment) disconnected(context.Context) (Victim, error) {
	browser := d.NewBrowser()
	tokens, err := d.Issue(browser, Request{ClientID: PublicID, Verifier: NewVerifier()})
	return Victim{"disconnected", tokens.Access, func(context.Context) error {
		page, err := browser.Disconnect(PublicID)
		if err == nil && page.Status != http.StatusSeeOther {
			err = fmt.Errorf("the button answers %d", page.Status)
		}
		return err
	}}, err
}

func (d *Deployment) reused(context.Context) (Victim, error) {
	tokens, err := d.Issue(d.NewBrowser(), Request{Email: EstherEmail})
	if err != nil {
		return Victim{}, err
	}
	next, err := d.Refresh(tokens.Refresh)
	return Victim{"refresh-reused", next.Text("access_token"), func(context.Context) error {
		return answers(http.StatusUnauthorized)(d.Refresh(tokens.Refresh))
	}}, err
}

func (d *Deployment) keyRevoked(ctx context.Context) (Victim, error) {
	conn, err := d.Dial("operator", "token")
	if err != nil {
		return Victim{}, err
	}
	keys := tokenv1.NewApiKeyServiceClient(conn)
	made, err := keys.CreateApiKey(ctx, &tokenv1.CreateApiKeyRequest{WorkspaceId: "ws_acme", Name: "to be revoked"})
	if err != nil {
		return Victim{}, err
	}
	d.Remember("api key", made.GetKey())
	return Victim{"key-revoked", made.GetKey(), func(ctx context.Context) error {
		defer conn.Close() //nolint:errcheck // its one purpose is done
		_, err := keys.RevokeApiKey(ctx, &tokenv1.RevokeApiKeyRequest{KeyId: made.GetApiKey().GetKeyId()})
		return err
	}}, nil
}

// answers fails for another status than the one that the way of ending is known by.
func answers(status int) func(Answer, error) error {
	return func(a Answer, err error) error {
		if err == nil && a.Status != status {
			err = fmt.Errorf("answered %d %s, want %d", a.Status, a.Raw, status)
		}
		return err
	}
}
