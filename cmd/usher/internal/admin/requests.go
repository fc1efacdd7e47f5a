package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// Requests is `usher requests`.
type Requests struct {
	page

	Client   string `arg:"" optional:"" help:"Only requests that named this client; without it, those of all clients."`
	Refused  bool   `help:"Only requests that were refused."`
	Endpoint string `help:"Only requests to this endpoint: a path such as /oauth/token, or its last part (token)." placeholder:"PATH"`
	Cause    string `help:"Only requests that were refused for this cause of docs/errors.md, such as code_expired or CAUSE_CODE_EXPIRED." placeholder:"CAUSE"`
	Request  string `help:"Only the request of this id: the response header Usher-Request-Id. Of equal requests in an hour only the last is found." placeholder:"ID"`
}

// Validate is called by kong.
func (c Requests) Validate() error {
	if c.Cause != "" && c.cause() == errorv1.Cause_CAUSE_UNSPECIFIED {
		return fmt.Errorf("--cause %s is not a cause: docs/errors.md lists them, such as code_expired", c.Cause)
	}
	return errors.Join(validateEndpoint(c.endpoint()), c.validate())
}

// cause returns the cause of either spelling: as tables and docs/errors.md have it, or as the contract has it.
func (c Requests) cause() errorv1.Cause {
	return oerr.CauseOfLabel(strings.TrimPrefix(strings.ToLower(c.Cause), "cause_"))
}

// causeLabel is the cause as the request log stores it; empty for none.
func (c Requests) causeLabel() string {
	if c.Cause == "" {
		return ""
	}
	return oerr.CauseLabel(c.cause())
}

const oauthPrefix = "/oauth/"

// endpoint returns the path of the endpoint, which may be given by its last part.
func (c Requests) endpoint() string {
	if c.Endpoint == "" || strings.HasPrefix(c.Endpoint, "/") {
		return c.Endpoint
	}
	return oauthPrefix + c.Endpoint
}

// validateEndpoint refuses an OAuth endpoint that does not exist. The paths of an API are its catalog's.
func validateEndpoint(path string) error {
	name, ok := strings.CutPrefix(path, oauthPrefix)
	if all := oauthEndpoints(); ok && !slices.Contains(all, name) && !strings.HasPrefix(name, "register/") {
		return fmt.Errorf("--endpoint %s does not exist: it is one of %s, or another path of the gateway", path, strings.Join(all, ", "))
	}
	return nil
}

// oauthEndpoints are the endpoints below /oauth/ by their last part.
func oauthEndpoints() []string {
	return []string{"authorize", "device_authorization", "introspect", "jwks", "logout", "logout/decision", "par", "register", "revoke", "token", "userinfo"}
}

// Run lists requests, the latest first.
func (c Requests) Run(ctx context.Context, s *Session) error {
	req := &activityv1.ListRequestsRequest{
		ClientId: c.Client, RefusedOnly: c.Refused, Endpoint: c.endpoint(), Cause: c.causeLabel(), RequestId: c.Request, PageToken: c.Cursor,
	}
	return call(ctx, continued(s, c.Limit, activityv1.NewRequestLogServiceClient(remote{s, "activity"}).ListRequests), req, rows(s, requestRows))
}

func requestRows(res *activityv1.ListRequestsResponse) table.Rows {
	t := table.Rows{{"LAST", "COUNT", "CLIENT", "ENDPOINT", "STATUS", "CAUSE", "PARAMETER", "GOT", "EXPECTED", "REQUEST"}}
	for _, r := range res.GetRequests() {
		k := r.GetKind()
		cause := ""
		if k.GetCause() != errorv1.Cause_CAUSE_UNSPECIFIED {
			cause = oerr.CauseLabel(k.GetCause())
		}
		t.Add(r.GetLastTime().AsTime().Format(time.RFC3339), strconv.FormatInt(r.GetCount(), 10), k.GetClientId(), k.GetEndpoint(),
			strconv.Itoa(int(k.GetStatus())), cause, orNone(k.GetField()), factsText(k.GetGot()), factsText(k.GetExpected()), r.GetRequestId())
	}
	return t
}

func factsText(f *activityv1.RequestFacts) string {
	var parts []string
	for _, one := range []struct{ name, value string }{
		{"redirect_uri", f.GetRedirectUri()},
		{"scope", f.GetScope()},
		{"grant_type", f.GetGrantType()},
		{"auth", f.GetAuthMethod()},
		{"code_challenge_method", f.GetCodeChallengeMethod()},
		{"response_type", f.GetResponseType()},
		{"resource", f.GetResource()},
		{"media_type", f.GetMediaType()},
		{"tolerated", f.GetTolerated()},
		{"value", f.GetValue()},
	} {
		if one.value != "" {
			parts = append(parts, one.name+"="+strconv.Quote(one.value))
		}
	}
	return strings.Join(parts, " ")
}
