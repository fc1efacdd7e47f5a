package authz_test

import (
	"context"
	"slices"
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
)

// kindsSince returns the kinds of the events after a cursor about a client, up to the newest, and the
// newest cursor.
func (b *bench) kindsSince(t *testing.T, cursor int64, clientID string) (kinds []string, newest int64) {
	t.Helper()
	marker, _ := b.register(t, registration())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := eventv1.NewEventServiceClient(dial(t, b.network, "activity", "authz")).WatchEvents(ctx, &eventv1.WatchEventsRequest{Cursor: cursor})
	if err != nil {
		t.Fatal(err)
	}
	for {
		res, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range res.GetEvents() {
			if e.GetClientId() == marker {
				return kinds, e.GetCursor()
			}
			if e.GetClientId() == clientID {
				kinds = append(kinds, e.GetKind())
			}
		}
	}
}

// TestAnActThatChangesNothingHasNoEvent: each act succeeds twice and has one event; the removal of an object
// that is not there succeeds and has none.
func TestAnActThatChangesNothingHasNoEvent(t *testing.T) {
	b := newBench(t)
	id, _ := b.newApp(t)
	console, operator := b.console(t), b.operator(t)
	_, cursor := b.kindsSince(t, 0, id)
	const tester, uri = "Ada@Example.com", callback + "/second"
	for _, row := range []struct {
		kind string
		act  func() error
	}{
		{"client.tester_added", func() error {
			_, err := console.AddAppTester(t.Context(), &authzv1.AddAppTesterRequest{SessionToken: developer, ClientId: id, EmailAddress: tester})
			return err
		}},
		{"client.tester_removed", func() error {
			_, err := console.RemoveAppTester(t.Context(), &authzv1.RemoveAppTesterRequest{SessionToken: developer, ClientId: id, EmailAddress: tester})
			return err
		}},
		{"client.redirect_uri_added", func() error {
			_, err := console.AddAppRedirectUri(t.Context(), &authzv1.AddAppRedirectUriRequest{SessionToken: developer, ClientId: id, RedirectUri: uri})
			return err
		}},
		{"client.redirect_uri_removed", func() error {
			_, err := console.RemoveAppRedirectUri(t.Context(), &authzv1.RemoveAppRedirectUriRequest{SessionToken: developer, ClientId: id, RedirectUri: uri})
			return err
		}},
		{"", func() error {
			_, err := console.RemoveAppSecret(t.Context(), &authzv1.RemoveAppSecretRequest{SessionToken: developer, ClientId: id, SecretId: "none"})
			return err
		}},
		{"", func() error {
			_, err := console.SetAppLogo(t.Context(), &authzv1.SetAppLogoRequest{SessionToken: developer, ClientId: id})
			return err
		}},
		{"", func() error {
			_, err := operator.RevokePreviousClientSecret(t.Context(), &authzv1.RevokePreviousClientSecretRequest{ClientId: id})
			return err
		}},
		{"", func() error {
			_, err := operator.EnableClient(t.Context(), &authzv1.EnableClientRequest{ClientId: id})
			return err
		}},
		{"client.updated", func() error {
			_, err := operator.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: id, Scopes: []string{"videos:read"}})
			return err
		}},
		{"client.submitted", func() error {
			_, err := console.SubmitApp(t.Context(), &authzv1.SubmitAppRequest{SessionToken: developer, ClientId: id})
			return err
		}},
		{"client.withdrawn", func() error {
			_, err := console.SubmitApp(t.Context(), &authzv1.SubmitAppRequest{SessionToken: developer, ClientId: id, Withdraw: true})
			return err
		}},
	} {
		var want []string
		if row.kind != "" {
			want = []string{row.kind}
		}
		for range 2 {
			if err := row.act(); err != nil {
				t.Errorf("%s: %v", row.kind, err)
			}
		}
		var got []string
		if got, cursor = b.kindsSince(t, cursor, id); !slices.Equal(got, want) {
			t.Errorf("twice the same has the events %v, want %v", got, want)
		}
	}
}

// TestATesterIsTheSameUserHoweverTheAddressIsTyped: by the form in which identity compares accounts.
func TestATesterIsTheSameUserHoweverTheAddressIsTyped(t *testing.T) {
	b := newBench(t)
	id, _ := b.newApp(t)
	console := b.console(t)
	for _, typed := range []string{"\u00c9mile@M\u00dcLLER.de", " e\u0301mile@xn--mller-kva.de", "\u00e9mile@m\u00fcller\u3002de"} {
		if _, err := console.AddAppTester(t.Context(), &authzv1.AddAppTesterRequest{SessionToken: developer, ClientId: id, EmailAddress: typed}); err != nil {
			t.Errorf("%q: %v", typed, err)
		}
	}
	testers := b.app(t, id).GetTesters()
	if len(testers) != 1 || testers[0].GetEmailAddress() != "\u00e9mile@m\u00fcller.de" {
		t.Errorf("the testers are %v", testers)
	}
	for _, typed := range []string{"\u212aim@example.com", "no address", "Ada <ada@example.com>", "john\u200b@example.com"} {
		_, err := console.AddAppTester(t.Context(), &authzv1.AddAppTesterRequest{SessionToken: developer, ClientId: id, EmailAddress: typed})
		wantFieldReason(t, typed, err, "email_address")
	}
	if _, err := console.RemoveAppTester(t.Context(), &authzv1.RemoveAppTesterRequest{SessionToken: developer, ClientId: id, EmailAddress: "E\u0301MILE@m\u00fcller.de"}); err != nil {
		t.Error(err)
	}
	if testers := b.app(t, id).GetTesters(); len(testers) != 0 {
		t.Errorf("after the removal the testers are %v", testers)
	}
}
