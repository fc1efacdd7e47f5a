package authz_test

import (
	"fmt"
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/services/authz"
)

// selfRegistered is a client that registered itself, with its token.
type selfRegistered struct {
	registrations authzv1.RegistrationServiceClient
	id, token     string
	// changed is how often the metadata was changed.
	changed int
}

// registeredBySelf registers a client from a source address.
func (b *bench) registeredBySelf(t *testing.T, metadata *authzv1.ClientMetadata, source string) *selfRegistered {
	t.Helper()
	registrations := authzv1.NewRegistrationServiceClient(dial(t, b.network, "gateway", "authz"))
	res, err := registrations.RegisterClient(t.Context(), &authzv1.RegisterClientRequest{Metadata: metadata, SourceAddress: source})
	if err != nil {
		t.Fatal(err)
	}
	return &selfRegistered{registrations: registrations, id: res.GetClient().GetClientId(), token: res.GetRegistrationAccessToken()}
}

// update replaces the metadata.
func (c *selfRegistered) update(t *testing.T, metadata *authzv1.ClientMetadata, source string) error {
	t.Helper()
	res, err := c.registrations.UpdateRegistration(t.Context(), &authzv1.UpdateRegistrationRequest{
		ClientId: c.id, RegistrationAccessToken: c.token, Metadata: metadata, SourceAddress: source,
	})
	if err == nil {
		c.token = res.GetRegistrationAccessToken()
	}
	return err
}

// rename changes the name to a new one.
func (c *selfRegistered) rename(t *testing.T, source string) error {
	t.Helper()
	c.changed++
	return c.update(t, named(fmt.Sprint("App ", c.changed)), source)
}

func named(name string) *authzv1.ClientMetadata {
	return &authzv1.ClientMetadata{ClientName: name, RedirectUris: []string{"http://127.0.0.1/callback"}}
}

// TestTheUpdatesOfARegistrationAreLimited for each client, and each is a registration of its source: one client
// would fill the audit trail otherwise. A token that is not valid spends nothing.
func TestTheUpdatesOfARegistrationAreLimited(t *testing.T) {
	config := authz.DefaultConfig()
	b := newBench(t, func(d *authz.Deps) { d.Registration = "open" })
	c, other := b.registeredBySelf(t, named("One"), "192.0.2.1"), b.registeredBySelf(t, named("Other"), "192.0.3.1")
	for range config.DCRUpdateLimit {
		if err := c.rename(t, ""); err != nil {
			t.Fatal(err)
		}
		stranger := selfRegistered{registrations: other.registrations, id: other.id, token: c.token}
		wantReason(t, "another's token", stranger.rename(t, ""), errorv1.Reason_REASON_INVALID_REGISTRATION_TOKEN)
	}
	wantReason(t, "one more of a client", c.rename(t, ""), errorv1.Reason_REASON_RATE_LIMITED)
	if err := other.rename(t, ""); err != nil {
		t.Errorf("another client: %v", err)
	}
	b.clock.Advance(config.DCRWindow)
	if err := c.rename(t, ""); err != nil {
		t.Errorf("in the next window: %v", err)
	}

	for range config.DCRSourceLimit - 1 {
		if err := b.selfRegister(t, "App", "192.0.4.1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := other.rename(t, "192.0.4.1"); err != nil {
		t.Fatal(err)
	}
	wantReason(t, "one more of a source", c.rename(t, "192.0.4.1"), errorv1.Reason_REASON_RATE_LIMITED)
}

// TestAnUpdateOfNothingHasNoEvent, although it replaces the token.
func TestAnUpdateOfNothingHasNoEvent(t *testing.T) {
	b := newBench(t, func(d *authz.Deps) { d.Registration = "open" })
	c := b.registeredBySelf(t, named("One"), "192.0.2.1")
	for _, name := range []string{"One", "Two", "Two"} {
		if err := c.update(t, named(name), ""); err != nil {
			t.Fatal(err)
		}
	}
	list := b.eventsOf(t, c.id)
	if before, after := changed(last(t, list, "client.registration_changed"), "name"); len(list) != 2 || before != "One" || after != "Two" {
		t.Errorf("the events are %v", list)
	}
}
