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
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/policy"
)

// explain returns the error of a failed call as one line that says what to fix, in the words of the command that was typed.
func (c connection) explain(method string, names fieldNames, err error) error {
	text, reason := oerr.Message(err), oerr.Reason(err)
	if field := oerr.Field(err); field != "" && !strings.HasPrefix(text, field+" ") && reason != errorv1.Reason_REASON_NOT_FOUND {
		text = field + ": " + text
	}
	text = names.apply(text)
	switch reason { //nolint:exhaustive // the other reasons are those of clients and browsers
	case errorv1.Reason_REASON_INVALID_REQUEST:
		return advise(text, invalid(oerr.Field(err), text))
	case errorv1.Reason_REASON_NOT_FOUND:
		if strings.Contains(text, "which has no secret") { // the client exists
			return errors.New(text)
		}
		return advise(text, missing(path.Base(method), oerr.Field(err)))
	case errorv1.Reason_REASON_ALREADY_EXISTS:
		return advise(text, "choose another, or use the existing one")
	case errorv1.Reason_REASON_CALLER_DENIED:
		return fmt.Errorf("the %s service at %s refuses this caller: the certificate must name the operator, spiffe://<trust_domain>/%s",
			c.service, c.addr, policy.Operator)
	case errorv1.Reason_REASON_RATE_LIMITED:
		return advise(text, "wait "+oerr.RetryAfter(err).Round(time.Second).String()+" and try again")
	}
	if text != "" {
		return errors.New(text)
	}
	return c.explainStatus(err)
}

// explainStatus explains an error without a reason of our contract: the network's, or an internal error of the service.
func (c connection) explainStatus(err error) error {
	st := status.Convert(err)
	switch st.Code() { //nolint:exhaustive // the message of the others is printed as it is
	case codes.DeadlineExceeded:
		return fmt.Errorf("no response from the %s service at %s within %s: try a longer --timeout, or look at its log", c.service, c.addr, c.timeout)
	case codes.Unavailable:
		return fmt.Errorf("the %s service at %s cannot be reached: is it running? (%s)", c.service, c.addr, st.Message())
	case codes.Unimplemented:
		return fmt.Errorf("the %s service at %s is older than this command: upgrade it first", c.service, c.addr)
	case codes.Canceled:
		return errors.New("interrupted: the change may have been made, so check before you repeat it")
	case codes.Internal, codes.Unknown:
		return fmt.Errorf("the %s service at %s failed: its log says why", c.service, c.addr)
	}
	return fmt.Errorf("the %s service at %s: %s", c.service, c.addr, st.Message())
}

func advise(text, advice string) error {
	if advice == "" {
		return errors.New(text)
	}
	return fmt.Errorf("%s (%s)", text, advice)
}

// invalid returns the advice for a field of the request that is invalid. An identifier that is malformed has none: no list has it.
func invalid(field, text string) string {
	switch {
	case strings.Contains(text, "remove the client from its workspace first"):
		return "`usher clients remove-from-workspace` does"
	case field == "workspace_id" && strings.Contains(text, "names no workspace"):
		return "`usher workspaces list` lists the workspaces"
	}
	return map[string]string{
		"plan":          "`usher catalog show` lists the plans",
		"email_address": "write it as name@example.com",
		"scopes":        "`usher catalog show` lists the scopes",
		"redirect_uris": "write each as https://app.example.com/callback; http is only for 127.0.0.1, [::1] and localhost",
		"page_token":    "start again from the first page",
	}[field]
}

// missing returns the advice for a method that returned NOT_FOUND.
func missing(method, field string) string {
	switch method {
	case "EndWorkspaceApp", "SetAppApproval", "DecideAppRequest":
		return map[string]string{
			"workspace_id": "`usher workspaces list` lists the workspaces",
			"client_id":    "`usher workspaces apps` lists the connected clients, `usher workspaces requests` those that members asked for",
		}[field]
	case "FindUser", "EnableUser", "DisableUser", "SetPassword", "UnlockUser":
		return "`usher users list` lists the users"
	case "ListMembers", "SetWorkspacePlan", "CreateWorkspaceKey", "ListWorkspaceKeys", "CreateAuthenticationApp",
		"ListWorkspaceApps", "GetWorkspacePolicy", "SetWorkspacePolicy", "ListAppRequests":
		return "`usher workspaces list` lists the workspaces"
	case "AddMember":
		return "`usher users list` and `usher workspaces list` list both"
	case "RemoveMember":
		return "`usher members list` lists the members of a workspace"
	case "RotateAuthenticationAppSecret":
		return "`usher auth-apps list` lists the authentication apps; a revoked one has no new secret"
	case "RevokeAuthenticationApp":
		return "`usher auth-apps list` lists the authentication apps"
	case "EnableClient":
		return "`usher clients list` and `usher clients disabled-documents` list the clients that are disabled"
	case "FindClient", "UpdateClient", "DisableClient", "RemoveClientFromWorkspace", "RotateClientSecret", "RevokePreviousClientSecret",
		"AddClientKey", "UpdateClientKey", "RemoveClientKey", "SetClientLogo", "SuspendClient":
		return "`usher clients list` lists the clients"
	case "ReviewClient":
		return "`usher clients review list` lists the clients that wait"
	case "RevokeInitialAccessToken":
		return "`usher registration-tokens list` lists the tokens that can be used"
	case "RevokeApiKey", "RotateWorkspaceKey":
		return "`usher api-keys list` lists the keys of a workspace"
	}
	return ""
}
