package rpc

import (
	"context"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/code"
	"github.com/vidocu/usher/services/authz/internal/flow"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

// Decisions serves the consent service's side of a pending authorization.
type Decisions struct {
	authzv1.UnsafeDecisionServiceServer

	Flow flow.Flow
}

// GetAuthorization returns the request, and its outcome if decided requests are included.
func (s *Decisions) GetAuthorization(
	ctx context.Context, req *authzv1.GetAuthorizationRequest,
) (*authzv1.GetAuthorizationResponse, error) {
	read := s.Flow.Pending.Find
	if req.GetIncludeDecided() {
		read = s.Flow.Pending.Look
	}
	p, err := read(ctx, req.GetRequestId(), secret.New(req.GetBrowserToken()))
	if err == nil && p.Refusal != nil {
		err = pending.ErrDecided // there is nothing to decide
	}
	if err == nil {
		err = s.Flow.CheckUnused(ctx, p)
	}
	if err == nil && p.Outcome == nil {
		err = s.Flow.CheckAudience(ctx, p, secret.New(req.GetSessionToken()))
	}
	if err != nil {
		return nil, toStatus(err)
	}
	res := s.authorization(p, req)
	if p.Outcome == nil {
		s.addClient(ctx, res, p)
	}
	return &authzv1.GetAuthorizationResponse{Authorization: res}, nil
}

// addClient adds what the consent page shows of the client's registration. While that cannot be read,
// the page is shown without: it can be read, and no decision is possible.
func (s *Decisions) addClient(ctx context.Context, res *authzv1.PendingAuthorization, p pending.Authorization) {
	found, err := s.Flow.Clients.FindKnown(ctx, p.ClientID)
	if err != nil {
		return
	}
	res.Identity, res.Confidential = convert.AppIdentityToProto(found.AppIdentity()), found.Type == client.Confidential
	res.DescriptionDigest = found.Description().Digest()
	res.OptionalScopes = p.Scope.Without(func(name string) bool { return !found.OptionalScope.Contains(name) })
}

// authorization converts an authorization for the browser that sent the cookies.
func (s *Decisions) authorization(p pending.Authorization, from cookies) *authzv1.PendingAuthorization {
	res := &authzv1.PendingAuthorization{
		RequestId: p.ID, ClientId: p.ClientID, ClientName: p.ClientName, RedirectOrigin: p.Origin(),
		Scopes: p.Scope, UserId: p.Viewer.UserID, Epoch: p.Viewer.Epoch,
		SignInRequired: !p.Demand.Meets(secret.New(from.GetSessionToken()), time.Time{}), EpochInDecision: true,
		Device: describeDevice(p.Device), Silent: p.Silent,
	}
	if demand := p.Demand; (demand.SignIn || demand.Account) && !demand.Since.IsZero() {
		res.SignInSince = timestamppb.New(demand.Since)
	}
	if o := p.Outcome; o != nil {
		res.Outcome = &authzv1.Outcome{
			Approved: o.Approved, UserId: o.UserID, WorkspaceId: o.WorkspaceID, DecideTime: timestamppb.New(o.At), Scopes: strings.Fields(o.Scope),
		}
		switch {
		case o.Approved && p.Device != nil:
			res.Outcome.CodeHash = p.Device.Code.Bytes()
		case o.Approved && s.Flow.CodesOf(p).Live(o.At):
			res.Outcome.CodeHash = code.Hash(code.Derive(secret.New(from.GetBrowserToken()), p.ID, o.Attempt)).Bytes()
		}
	}
	return res
}

// BindPrompt records the user to whom the consent screen is shown.
func (s *Decisions) BindPrompt(ctx context.Context, req *authzv1.BindPromptRequest) (*authzv1.BindPromptResponse, error) {
	if req.GetUserId() == "" {
		return nil, invalid("user_id", "is required")
	}
	viewer := pending.Viewer{UserID: req.GetUserId(), Epoch: req.GetEpoch()}
	err := s.Flow.Pending.Bind(ctx, req.GetRequestId(), secret.New(req.GetBrowserToken()), viewer)
	return &authzv1.BindPromptResponse{}, toStatus(err)
}

// CompleteAuthorization closes the authorization.
func (s *Decisions) CompleteAuthorization(
	ctx context.Context, req *authzv1.CompleteAuthorizationRequest,
) (*authzv1.CompleteAuthorizationResponse, error) {
	d := flow.Decision{
		RequestID: req.GetRequestId(), Browser: secret.New(req.GetBrowserToken()), Session: secret.New(req.GetSessionToken()),
		UserID: req.GetUserId(), ClientID: req.GetClientId(), Epoch: req.Epoch, //nolint:protogetter // absent is not 0
		ReportRepeat: req.GetReportRepeat(), RenewCode: req.GetRenewCode(), CodeRedeemed: req.GetCodeRedeemed(),
		Silent: req.GetSilent(),
	}
	approval := approvalOf(req)
	switch {
	case req.GetDecision() == nil:
		return nil, invalid("decision", "is required")
	case approval != nil && approval.WorkspaceID == "":
		return nil, invalid("approval.workspace_id", "is required")
	}
	d.Approval = approval
	done, err := s.Flow.Complete(ctx, d)
	if err != nil {
		return nil, toStatus(err)
	}
	return &authzv1.CompleteAuthorizationResponse{
		Location: done.Location.Reveal(), Authorization: s.authorization(done.Authorization, req),
	}, nil
}

// approvalOf returns the approval of a decision; nil for a denial.
func approvalOf(req *authzv1.CompleteAuthorizationRequest) *flow.Approval {
	sent, chosen := req.GetApproval(), (*oauth.Scope)(nil)
	if partial := req.GetPartialApproval(); partial != nil {
		scope := oauth.Scope(partial.GetScopes())
		sent, chosen = partial.GetApproval(), &scope
	} else if sent == nil {
		return nil
	}
	return &flow.Approval{
		WorkspaceID: sent.GetWorkspaceId(), DisplayName: sent.GetDisplayName(), Chosen: chosen, AuthTime: convert.TimeFromProto(sent.GetAuthenticateTime()),
	}
}

// RefuseAuthorization returns the error response of a request with prompt=none.
func (s *Decisions) RefuseAuthorization(
	ctx context.Context, req *authzv1.RefuseAuthorizationRequest,
) (*authzv1.RefuseAuthorizationResponse, error) {
	why, ok := map[authzv1.SilentRefusal]flow.SilentRefusal{
		authzv1.SilentRefusal_SILENT_REFUSAL_LOGIN:       flow.SilentLogin,
		authzv1.SilentRefusal_SILENT_REFUSAL_CONSENT:     flow.SilentConsentMissing,
		authzv1.SilentRefusal_SILENT_REFUSAL_INTERACTION: flow.SilentInteraction,
	}[req.GetRefusal()]
	if !ok {
		return nil, invalid("refusal", "is required")
	}
	location, err := s.Flow.RefuseSilently(ctx, req.GetRequestId(), secret.New(req.GetBrowserToken()), why)
	return &authzv1.RefuseAuthorizationResponse{Location: location.Reveal()}, toStatus(err)
}
