package admin

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/localsock"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// explain turns a failed call into one line that says what to fix.
func (b bounded) explain(method string, err error) error {
	text := oerr.Message(err)
	if field := oerr.Field(err); field != "" && !strings.HasPrefix(text, field+" ") {
		text = field + ": " + text
	}
	switch oerr.Reason(err) { //nolint:exhaustive // the other reasons are those of apps and browsers
	case errorv1.Reason_REASON_INVALID_REQUEST:
		return advise(text, invalid(oerr.Field(err)))
	case errorv1.Reason_REASON_NOT_FOUND:
		return advise(text, missing(path.Base(method)))
	case errorv1.Reason_REASON_ALREADY_EXISTS:
		return advise(text, "choose another, or use the one that is there")
	case errorv1.Reason_REASON_CALLER_DENIED:
		return fmt.Errorf("the %s service at %s refuses this caller: the certificate must name the operator, spiffe://<trust_domain>/%s",
			b.service, b.where, localsock.Operator)
	case errorv1.Reason_REASON_RATE_LIMITED:
		return advise(text, "wait "+oerr.RetryAfter(err).Round(time.Second).String()+" and try again")
	}
	if text != "" {
		return errors.New(text)
	}
	return b.foreign(err)
}

// foreign explains a failure that carries no reason of ours: the network's, or a fault of the service.
func (b bounded) foreign(err error) error {
	st := status.Convert(err)
	switch st.Code() { //nolint:exhaustive // the rest is said as it is
	case codes.DeadlineExceeded:
		return fmt.Errorf("the %s service at %s did not answer within %s: try a longer --timeout, or look at its log", b.service, b.where, b.limit)
	case codes.Unavailable:
		return fmt.Errorf("the %s service at %s cannot be reached: is it running? (%s)", b.service, b.where, st.Message())
	case codes.Unimplemented:
		return fmt.Errorf("the %s service at %s is older than this command: upgrade it first", b.service, b.where)
	case codes.Canceled:
		return errors.New("interrupted: whether the change was made is not known, so look before you repeat it")
	case codes.Internal, codes.Unknown:
		return fmt.Errorf("the %s service at %s failed: its log says why", b.service, b.where)
	}
	return fmt.Errorf("the %s service at %s: %s", b.service, b.where, st.Message())
}

func advise(text, advice string) error {
	if advice == "" {
		return errors.New(text)
	}
	return fmt.Errorf("%s (%s)", text, advice)
}

// invalid is what helps where a field of the request is wrong.
func invalid(field string) string {
	return map[string]string{
		"plan":          "`usher catalog show` lists the plans",
		"email_address": "write it as name@example.com",
		"workspace_id":  "`usher workspaces list` shows what there is",
		"user_id":       "`usher users list` shows who there is",
		"client_id":     "`usher clients list` shows what there is",
		"scopes":        "`usher catalog show` lists the scopes",
		"redirect_uris": "write each as https://app.example.com/callback; http is for 127.0.0.1, [::1] and localhost alone",
		"page_token":    "start again from the first page",
	}[field]
}

// missing is what helps where a method did not find what it was to work on.
func missing(method string) string {
	switch method {
	case "FindUser", "EnableUser", "DisableUser", "SetPassword":
		return "`usher users list` shows who there is"
	case "ListMembers", "SetWorkspacePlan", "CreateApiKey", "ListApiKeys", "CreateAuthenticationApp":
		return "`usher workspaces list` shows what there is"
	case "AddMember":
		return "`usher users list` and `usher workspaces list` show what there is"
	case "RemoveMember":
		return "`usher members list` shows who is in a workspace"
	case "RotateAuthenticationAppSecret":
		return "`usher auth-apps list` shows what there is; a revoked one has no new secret"
	case "RevokeAuthenticationApp":
		return "`usher auth-apps list` shows what there is"
	case "FindClient", "UpdateClient", "EnableClient", "DisableClient":
		return "`usher clients list` shows what there is"
	case "RotateClientSecret", "RevokePreviousClientSecret":
		return "`usher clients list` shows what there is; a public one has no secret"
	case "RevokeApiKey":
		return "`usher api-keys list` shows a workspace's keys"
	}
	return ""
}
