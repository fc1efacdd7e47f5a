package admin

import (
	"context"
	"strconv"
	"strings"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// Logouts is `usher logouts`.
type Logouts struct {
	List listLogouts `cmd:"" help:"List the logout tokens that were sent to a client, or to all, the newest first: the log holds a week."`
}

type listLogouts struct {
	Client string `arg:"" optional:"" help:"The client, vdo_client_…; all of them unless given."`
	limit
}

// Run lists deliveries.
func (c listLogouts) Run(ctx context.Context, s *Session) error {
	return call(ctx, allPages(s, c.Limit, tokenv1.NewLogoutDeliveryServiceClient(remote{s, "token"}).ListLogoutDeliveries), &tokenv1.ListLogoutDeliveriesRequest{ClientId: c.Client}, rows(s, logoutRows))
}

func logoutRows(res *tokenv1.ListLogoutDeliveriesResponse) table.Rows {
	t := table.Rows{{"TIME", "CLIENT", "USER", "SESSION", "REASON", "STATE", "ATTEMPTS", "STATUS", "PROBLEM"}}
	for _, d := range res.GetDeliveries() {
		status := ""
		if d.GetHttpStatus() != 0 {
			status = strconv.Itoa(int(d.GetHttpStatus()))
		}
		t.Add(timestamp(d.GetCreateTime()), d.GetClientId(), d.GetSubject(), d.GetSessionId(), strings.ReplaceAll(d.GetReason(), "_", " "),
			words(d.GetState().String(), "LOGOUT_DELIVERY_STATE_"), strconv.Itoa(int(d.GetAttempts())), orNone(status), orNone(d.GetProblem()))
	}
	return t
}
