package authz_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
)

// eventsOf returns all events about a client, the first one first, up to now.
func (b *bench) eventsOf(t *testing.T, clientID string) (list []*eventv1.Event) {
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
			if e.GetClientId() == clientID {
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
