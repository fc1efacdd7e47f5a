package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
)

// TestAPanicBesideAPageEndsNothing: a part of a page is read in a goroutine of its own, where a panic would end
// the process. The page is shown without that part, and the panic is logged.
func TestAPanicBesideAPageEndsNothing(t *testing.T) {
	for path, method := range map[string]string{
		appPages + "/requests": "ListRequests", "/developers": "ListRequests", workspacePages + "/activity": "ListWorkspaceMembers",
	} {
		p := withConsole(t)
		p.respond("ListEvents", &activityv1.ListEventsResponse{}, nil)
		p.services[method] = func(req proto.Message) (proto.Message, error) {
			if list, ok := req.(*activityv1.ListRequestsRequest); ok && strings.HasSuffix(path, "/requests") && list.GetPageSize() < 1000 {
				return &activityv1.ListRequestsResponse{}, nil // the list of the page itself, and not of its chart
			}
			panic("a sentinel")
		}
		w := p.get(path)
		if log := p.logs.String(); w.Code != http.StatusOK || !strings.Contains(log, "request panicked") || !strings.Contains(log, "a sentinel") {
			t.Errorf("%s is %d, and logs %s", path, w.Code, log)
		}
	}
}
