package outbox

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
)

// TestAMessageOfTheFeedFitsItsLimit: gRPC refuses more than 4 MiB, and would refuse the same message again
// after each reconnection.
func TestAMessageOfTheFeedFitsItsLimit(t *testing.T) {
	const limit = 4 << 20
	long := cut(strings.Repeat("x", 2*maxValue))
	events := make([]entry, pageSize)
	for n := range events {
		events[n] = entry{Event: Event{Kind: "client.updated"}, cursor: int64(n + 1)}
		for range 20 {
			events[n].Changes = append(events[n].Changes, Change{Field: "redirect_uris", Before: long, After: long})
		}
	}
	sent, messages := 0, 0
	for cursor := int64(0); sent < len(events); messages++ {
		m := page(cursor, events[sent:])
		if size := proto.Size(m); size > limit || len(m.GetEvents()) == 0 || m.GetCursor() != m.GetEvents()[len(m.GetEvents())-1].GetCursor() {
			t.Fatalf("a message of %d bytes with %d events ends at %d", size, len(m.GetEvents()), m.GetCursor())
		}
		sent, cursor = sent+len(m.GetEvents()), m.GetCursor()
	}
	if messages < 2 || sent != pageSize {
		t.Errorf("%d events in %d messages", sent, messages)
	}
}
