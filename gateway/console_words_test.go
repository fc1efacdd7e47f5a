package gateway_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
)

// TestNobodyIsSentToAnAdministratorForARole, which the operator alone can give.
func TestNobodyIsSentToAnAdministratorForARole(t *testing.T) {
	p := withConsole(t)
	session := &identityv1.Session{UserId: "user_2", DisplayName: "Esther"}
	p.respond("ListApps", &authzv1.ListAppsResponse{Session: session}, nil)
	p.respond("GetSession", &identityv1.GetSessionResponse{Session: session}, nil)
	for _, path := range []string{"/developers", "/developers/apps/new", "/workspaces"} {
		w := p.get(path)
		wantPage(t, path, w, 200, "The people who run this service can give you the role.")
		if strings.Contains(w.Body.String(), "An administrator of your workspace") {
			t.Errorf("%s sends to an administrator", path)
		}
	}
}

// TestTheLogSaysTheDayAndTheZone: the log is kept for days, and its readers are in different zones.
func TestTheLogSaysTheDayAndTheZone(t *testing.T) {
	p := withConsole(t)
	app := &authzv1.OwnedClient{Registration: &authzv1.Registration{Client: &authzv1.Client{ClientId: "vdo_client_1", Name: "Example"}}}
	p.respond("GetApp", &authzv1.GetAppResponse{Session: &identityv1.Session{UserId: "user_1", TimeZone: "Asia/Kolkata"}, App: app}, nil)
	zone := time.FixedZone("IST", 5*60*60+30*60)
	now := time.Now().In(zone)
	before := now.Add(-48 * time.Hour)
	row := func(at time.Time) *activityv1.LoggedRequest {
		return &activityv1.LoggedRequest{
			Kind:  &activityv1.RequestKind{Endpoint: "/oauth/token", Method: "POST", Status: 400, Cause: errorv1.Cause_CAUSE_SECRET_WRONG},
			Count: 1, FirstTime: timestamppb.New(at), LastTime: timestamppb.New(at), RequestId: "r",
		}
	}
	p.respond("ListRequests", &activityv1.ListRequestsResponse{Requests: []*activityv1.LoggedRequest{row(now), row(before)}}, nil)
	body := p.get(appPages + "/requests").Body.String()
	wantIn(t, "the log", body,
		">"+now.Format("15:04:05")+"</time>", // today
		">"+before.Format("2 January")+"<br>"+before.Format("15:04:05")+"</time>",
		"<dt>Time</dt><dd><time datetime=\""+before.UTC().Format(time.RFC3339)+"\">"+before.Format("2 January 2006, 15:04")+" IST</time>",
	)
	if !regexp.MustCompile(`>[0-9]{2}:30 IST</span>`).MatchString(body) {
		t.Error("the chart has no zone")
	}
}
