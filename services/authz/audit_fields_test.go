package authz_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/services/authz"
)

// eventsOf returns all events about a client, the first one first, up to now.
func (b *bench) eventsOf(t *testing.T, clientID string) []*eventv1.Event {
	t.Helper()
	return b.eventsWhere(t, func(e *eventv1.Event) bool { return e.GetClientId() == clientID })
}

// eventsOfObject is eventsOf for another object.
func (b *bench) eventsOfObject(t *testing.T, id string) []*eventv1.Event {
	t.Helper()
	return b.eventsWhere(t, func(e *eventv1.Event) bool { return e.GetObjectId() == id })
}

func (b *bench) eventsWhere(t *testing.T, about func(e *eventv1.Event) bool) (list []*eventv1.Event) {
	t.Helper()
	marker, _ := b.register(t, registration())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := eventv1.NewEventServiceClient(dial(t, b.network, "activity", "authz")).WatchEvents(ctx, &eventv1.WatchEventsRequest{})
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
				return list
			}
			if about(e) {
				list = append(list, e)
			}
		}
	}
}

// last returns the last of some events, which must have a kind.
func last(t *testing.T, list []*eventv1.Event, kind string) *eventv1.Event {
	t.Helper()
	if len(list) == 0 || list[len(list)-1].GetKind() != kind {
		t.Fatalf("the last event is not %s: %v", kind, list)
	}
	return list[len(list)-1]
}

// changed returns a field of an event before and after.
func changed(e *eventv1.Event, field string) (before, after string) {
	for _, c := range e.GetChanges() {
		if c.GetField() == field {
			return c.GetBefore(), c.GetAfter()
		}
	}
	return "", ""
}

// TestAChangeWithinALongListIsInItsEvent, which has the values that were removed and added: lists that are
// cut from the start would be equal.
func TestAChangeWithinALongListIsInItsEvent(t *testing.T) {
	b := newBench(t)
	long := func(n int) string { return fmt.Sprintf("https://%c.example/%s", 'a'+n, strings.Repeat("x", 450)) }
	req := registration()
	req.RedirectUris = nil
	for n := range 19 {
		req.RedirectUris = append(req.RedirectUris, long(n))
	}
	id, _ := b.register(t, req)
	if _, whole := changed(last(t, b.eventsOf(t, id), "client.created"), "redirect_uris"); !strings.Contains(whole, long(0)) {
		t.Errorf("the list of a new client is %q", whole)
	}

	update := func(uris []string) (before, after string) {
		t.Helper()
		if _, err := b.operator(t).UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: id, RedirectUris: uris}); err != nil {
			t.Fatal(err)
		}
		return changed(last(t, b.eventsOf(t, id), "client.updated"), "redirect_uris")
	}
	if before, after := update(append(req.RedirectUris, long(20))); before != "… 19 unchanged" || after != "… 19 unchanged\n"+long(20) {
		t.Errorf("one more: %q to %q", before, after)
	}
	if before, after := update(append(req.RedirectUris[:18], long(21))); before != "… 18 unchanged\n"+long(18)+"\n"+long(20) || after != "… 18 unchanged\n"+long(21) {
		t.Errorf("two replaced: %q to %q", before, after)
	}
	addresses := func(n int) []string { return append(slices.Clone(req.RedirectUris[:9]), long(n)) }
	for n, want := range [][2]string{{"", ""}, {"… 9 unchanged\n" + long(22), "… 9 unchanged\n" + long(23)}} {
		_, err := b.operator(t).UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: id, PostLogoutRedirectUris: addresses(22 + n)})
		before, after := changed(last(t, b.eventsOf(t, id), "client.updated"), "post_logout_redirect_uris")
		if err != nil || n > 0 && (before != want[0] || after != want[1]) {
			t.Errorf("of a list in one column: %v, %q to %q", err, before, after)
		}
	}
	if before, after := update([]string{callback}); !strings.HasSuffix(before, "…") || len(before) < 4000 || after != callback {
		t.Errorf("all replaced: %q to %q", before, after)
	}
}

// TestTheEventsOfKeysSayWhatChanged: when a key ends, and that another key has the same identifier and name. A
// repeated change has no event.
func TestTheEventsOfKeysSayWhatChanged(t *testing.T) {
	b := newBench(t)
	operator := b.operator(t)
	req := registration()
	req.Jwks = josetest.Set(josetest.New(t, "ES256", "one key"))
	id, _ := b.register(t, req)
	_, first := changed(last(t, b.eventsOf(t, id), "client.created"), "key_thumbprints")

	update := func(change *authzv1.UpdateClientKeyRequest) {
		t.Helper()
		change.ClientId, change.Kid = id, "one key"
		if _, err := operator.UpdateClientKey(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	update(&authzv1.UpdateClientKeyRequest{LifetimeSeconds: proto.Int64(86400)})
	_, end := changed(last(t, b.eventsOf(t, id), "client.key_updated"), "key_ends")
	at, err := time.Parse(time.RFC3339, strings.TrimPrefix(end, "one key "))
	if left := time.Until(at); err != nil || left < 23*time.Hour || left > 25*time.Hour {
		t.Errorf("the key ends %q, %v", end, err)
	}
	for range 2 {
		update(&authzv1.UpdateClientKeyRequest{LifetimeSeconds: proto.Int64(0)})
	}
	list := b.eventsOf(t, id)
	if before, after := changed(last(t, list, "client.key_updated"), "key_ends"); len(list) != 3 || before != end || after != "" {
		t.Errorf("%d events, the last one of %q to %q", len(list), before, after)
	}

	_, err = operator.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: id, Jwks: josetest.Set(josetest.New(t, "ES256", "one key"))})
	before, after := changed(last(t, b.eventsOf(t, id), "client.updated"), "key_thumbprints")
	if err != nil || before != first || !strings.HasPrefix(after, "one key ") || after == before {
		t.Errorf("another key: %v, %q to %q", err, before, after)
	}
}

// TestTheEventsOfASecretAndOfSubjectsSayWhatChanged.
func TestTheEventsOfASecretAndOfSubjectsSayWhatChanged(t *testing.T) {
	b := newBench(t, func(d *authz.Deps) { d.Catalog = catalog.Fixed(catalog.Default().WithOpenID()) })
	req := registration()
	req.RedirectUris, req.SubjectType = []string{callback}, authzv1.SubjectType_SUBJECT_TYPE_PAIRWISE
	id, _ := b.register(t, req)
	if _, after := changed(last(t, b.eventsOf(t, id), "client.created"), "subject_type"); after != "pairwise" {
		t.Errorf("the subject type is %q", after)
	}
	if _, err := b.operator(t).RotateClientSecret(t.Context(), &authzv1.RotateClientSecretRequest{ClientId: id, OverlapSeconds: 86400}); err != nil {
		t.Fatal(err)
	}
	_, end := changed(last(t, b.eventsOf(t, id), "client.secret_rotated"), "secret_ends")
	_, at, _ := strings.Cut(end, " ")
	if _, err := time.Parse(time.RFC3339, at); err != nil {
		t.Errorf("the old secret ends %q", end)
	}
}

// TestTheEventsOfASelfRegisteredClientHaveItsMetadata, the registration token that it used by its identifier, of a
// secret that there is another one, and no address of a person.
func TestTheEventsOfASelfRegisteredClientHaveItsMetadata(t *testing.T) {
	b := newBench(t, func(d *authz.Deps) { d.Registration = "token" })
	c := &selfRegistered{registrations: authzv1.NewRegistrationServiceClient(dial(t, b.network, "gateway", "authz"))}
	operator := authzv1.NewRegistrationServiceClient(dial(t, b.network, "operator", "authz"))
	issued, err := operator.CreateInitialAccessToken(t.Context(), &authzv1.CreateInitialAccessTokenRequest{Name: "Partner", LifetimeSeconds: 3600})
	if err != nil {
		t.Fatal(err)
	}
	if _, end := changed(last(t, b.eventsOfObject(t, issued.GetInitialAccessToken().GetId()), "registration_token.created"), "expire_time"); end == "" {
		t.Error("the event of the token has no end")
	}
	metadata := named("One")
	res, err := c.registrations.RegisterClient(t.Context(), &authzv1.RegisterClientRequest{Metadata: metadata, InitialAccessToken: issued.GetToken()})
	if err != nil {
		t.Fatal(err)
	}
	c.id, c.token = res.GetClient().GetClientId(), res.GetRegistrationAccessToken()
	e := last(t, b.eventsOf(t, c.id), "client.registered")
	_, name := changed(e, "name")
	_, uris := changed(e, "redirect_uris")
	if name != "One" || uris != metadata.GetRedirectUris()[0] || e.GetDetails()["registration_token"] != issued.GetInitialAccessToken().GetId() {
		t.Errorf("the registration has the event %v", e)
	}

	metadata.ClientUri, metadata.Contacts, metadata.TokenEndpointAuthMethod = "https://app.test/", []string{"ada@app.test"}, "client_secret_basic"
	if err := c.update(t, metadata, ""); err != nil {
		t.Fatal(err)
	}
	e = last(t, b.eventsOf(t, c.id), "client.registration_changed")
	for field, want := range map[string][2]string{
		"client_uri": {"", "https://app.test/"}, "token_endpoint_auth_method": {"none", "client_secret_basic"}, "contacts": {"", "1 ("}, "secrets": {"", "…"},
	} {
		if before, after := changed(e, field); before != want[0] || !strings.HasPrefix(after, want[1]) {
			t.Errorf("%s changes from %q to %q", field, before, after)
		}
	}
	if strings.Contains(e.String(), "ada@") {
		t.Errorf("an address of a person is in %v", e)
	}
	metadata.Contacts = []string{"eve@app.test"}
	if err := c.update(t, metadata, ""); err != nil {
		t.Fatal(err)
	}
	if before, after := changed(last(t, b.eventsOf(t, c.id), "client.registration_changed"), "contacts"); before == after {
		t.Errorf("other contacts are %q", after)
	}
}
