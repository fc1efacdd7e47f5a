package activity_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
)

// paged is a response with a page.
type paged interface {
	proto.Message
	GetNextPageToken() string
}

// collect follows the pages of a list, each of which must fit into a message, and returns the identifiers of
// the requests.
func collect(t *testing.T, read func(token string) (paged, []string)) (ids []string, pages int) {
	t.Helper()
	const limit = 4 << 20
	for token := ""; pages == 0 || token != ""; pages++ {
		res, found := read(token)
		if size := proto.Size(res); size > limit/2 || len(found) == 0 {
			t.Fatalf("a page of %d entries has %d bytes", len(found), size)
		}
		ids, token = append(ids, found...), res.GetNextPageToken()
	}
	return ids, pages
}

// TestAPageOfLargeEntriesFitsIntoAMessage: gRPC refuses more than 4 MiB. The token goes on after its last
// entry.
func TestAPageOfLargeEntriesFitsIntoAMessage(t *testing.T) {
	b := newBench(t)
	const entries = 120
	text := strings.Repeat("x", 25_000)
	var events []*eventv1.Event
	var requests []*activityv1.FinishedRequest
	for n := range entries {
		e := change("client.updated", "", "", "mine")
		e.RequestId, e.Changes = strconv.Itoa(n), []*eventv1.Change{{Field: "redirect_uris", Before: text, After: text + "y"}}
		events = append(events, e)
		r := finished("mine", strconv.Itoa(n), true)
		r.Kind.Got.Scope, r.Kind.Expected.Scope = text, text
		requests = append(requests, r)
	}
	b.feeds["authz"].add(events...)
	b.events(t, 1, &activityv1.ListEventsRequest{RequestId: strconv.Itoa(entries - 1)})
	for batch := range slices.Chunk(requests, 10) { // which fit into a message too
		b.record(t, batch...)
	}

	for name, read := range map[string]func(token string) (paged, []string){
		"events": func(token string) (paged, []string) {
			res, err := b.audit.ListEvents(t.Context(), &activityv1.ListEventsRequest{PageSize: 1000, PageToken: token})
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, e := range res.GetEvents() {
				ids = append(ids, e.GetRequestId())
			}
			return res, ids
		},
		"requests": func(token string) (paged, []string) {
			res, err := b.operator.ListRequests(t.Context(), &activityv1.ListRequestsRequest{PageSize: 1000, PageToken: token})
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, r := range res.GetRequests() {
				ids = append(ids, r.GetRequestId())
			}
			return res, ids
		},
	} {
		ids, pages := collect(t, read)
		seen := map[string]bool{}
		for _, id := range ids {
			seen[id] = true
		}
		if len(ids) != entries || len(seen) != entries || pages < 4 {
			t.Errorf("%d %s, %d different, on %d pages; want %d", len(ids), name, len(seen), pages, entries)
		}
	}
}
