package harness

import (
	"context"
	"fmt"
	"net/http"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// LiveCredential is a valid credential and a way to revoke it.
type LiveCredential struct {
	Name, Token string
	// Revoke revokes the credential, and fails unless the response confirms it.
	Revoke func(ctx context.Context) error
}

// LiveCredentials returns one credential for each of the five kinds of revocation: the token is
// revoked, its code is replayed, its client is disconnected, its refresh token is reused, and, for
// an API key, an operator revokes it. The credentials belong to the users of the fixtures, whose
// grants the revocations end: only one set can be used at a time.
func (d *Deployment) LiveCredentials(ctx context.Context) ([]LiveCredential, error) {
	var list []LiveCredential
	for _, make := range []func(context.Context) (LiveCredential, error){d.revoked, d.replayed, d.disconnected, d.reused, d.keyRevoked} {
		v, err := make(ctx)
		if err != nil {
			return nil, fmt.Errorf("preparing a credential to revoke: %w", err)
		}
		list = append(list, v)
	}
	return list, nil
}

func (d *Deployment) revoked(context.Context) (LiveCredential, error) {
	tokens, err := d.Issue(d.NewBrowser(), Request{})
	return LiveCredential{"revoked", tokens.Access, func(context.Context) error {
		return wantStatus(http.StatusOK)(d.JSON("/oauth/revoke", map[string]any{"token": tokens.Access}))
	}}, err
}

func (d *Deployment) replayed(context.Context) (LiveCredential, error) {
	code, err := d.NewBrowser().Approve(Request{})
	if err != nil {
		return LiveCredential{}, err
	}
	a, err := d.Exchange(code, Request{})
	return LiveCredential{"code-replayed", a.Text("access_token"), func(context.Context) error {
		return wantStatus(http.StatusUnauthorized)(d.Exchange(code, Request{}))
	}}, err
}

func (d *Deployment) disconnected(context.Context) (LiveCredential, error) {
	browser := d.NewBrowser()
	tokens, err := d.Issue(browser, Request{ClientID: PublicID, Verifier: NewVerifier()})
	return LiveCredential{"disconnected", tokens.Access, func(context.Context) error {
		page, err := browser.Disconnect(PublicID)
		if err == nil && page.Status != http.StatusSeeOther {
			err = fmt.Errorf("disconnecting returned %d", page.Status)
		}
		return err
	}}, err
}

func (d *Deployment) reused(context.Context) (LiveCredential, error) {
	tokens, err := d.Issue(d.NewBrowser(), Request{Email: EstherEmail})
	if err != nil {
		return LiveCredential{}, err
	}
	next, err := d.Refresh(tokens.Refresh)
	return LiveCredential{"refresh-reused", next.Text("access_token"), func(context.Context) error {
		return wantStatus(http.StatusUnauthorized)(d.Refresh(tokens.Refresh))
	}}, err
}

func (d *Deployment) keyRevoked(ctx context.Context) (LiveCredential, error) {
	conn, err := d.Dial("operator", "token")
	if err != nil {
		return LiveCredential{}, err
	}
	keys := tokenv1.NewApiKeyServiceClient(conn)
	made, err := keys.CreateApiKey(ctx, &tokenv1.CreateApiKeyRequest{WorkspaceId: "ws_acme", Name: "to be revoked"})
	if err != nil {
		return LiveCredential{}, err
	}
	d.RecordSecret("api key", made.GetKey())
	return LiveCredential{"key-revoked", made.GetKey(), func(ctx context.Context) error {
		defer conn.Close() //nolint:errcheck // not used again
		_, err := keys.RevokeApiKey(ctx, &tokenv1.RevokeApiKeyRequest{KeyId: made.GetApiKey().GetKeyId()})
		return err
	}}, nil
}

// wantStatus returns an error for another status than the one that confirms the revocation.
func wantStatus(status int) func(Response, error) error {
	return func(a Response, err error) error {
		if err == nil && a.Status != status {
			err = fmt.Errorf("returned %d %s, want %d", a.Status, a.Raw, status)
		}
		return err
	}
}
