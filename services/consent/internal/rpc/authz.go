package rpc

import (
	"context"
	"fmt"
	"slices"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/connectedapp"
	"github.com/vidocu/usher/services/consent/internal/decision"
)

// maxClients is the maximum number of clients in one BatchGetClients call.
const maxClients = 1000

// Authz calls the authorization service about authorizations and the names of clients. It is
// decision.Authorizations and connectedapp.Clients.
type Authz struct {
	Decisions authzv1.DecisionServiceClient
	Clients   authzv1.ClientServiceClient
}

// Find returns an authorization.
func (a Authz) Find(ctx context.Context, r decision.Request) (decision.Pending, error) {
	res, err := a.Decisions.GetAuthorization(ctx, &authzv1.GetAuthorizationRequest{
		RequestId: r.ID, BrowserToken: r.Browser.Reveal(), SessionToken: r.Session.Reveal(), IncludeDecided: true,
	})
	return fromAuthorization(res.GetAuthorization()), oerr.Wrap("reading the authorization", err)
}

func fromAuthorization(p *authzv1.PendingAuthorization) decision.Pending {
	found := decision.Pending{
		ClientID: p.GetClientId(), ClientName: p.GetClientName(), RedirectOrigin: p.GetRedirectOrigin(), Scope: p.GetScopes(),
		Identity: convert.AppIdentityFromProto(p.GetIdentity()), Optional: p.GetOptionalScopes(), Confidential: p.GetConfidential(),
		Viewer: decision.Viewer{UserID: p.GetUserId(), Epoch: p.GetEpoch()}, SignIn: p.GetSignInRequired(), SignInSince: convert.TimeFromProto(p.GetSignInSince()), EpochInDecision: p.GetEpochInDecision(),
		Silent: p.GetSilent(), DescriptionDigest: p.GetDescriptionDigest(),
	}
	if d := p.GetDevice(); d != nil {
		found.Device = &decision.Device{Source: d.GetSourceAddress(), RequestedAt: d.GetRequestTime().AsTime()}
	}
	if o := p.GetOutcome(); o != nil {
		found.Outcome = &decision.Outcome{
			Approved: o.GetApproved(), UserID: o.GetUserId(), WorkspaceID: o.GetWorkspaceId(), At: o.GetDecideTime().AsTime(),
			Code: o.GetCodeHash(), Scope: o.GetScopes(),
		}
	}
	return found
}

// Bind records the user who sees the consent screen.
func (a Authz) Bind(ctx context.Context, r decision.Request, v decision.Viewer) error {
	_, err := a.Decisions.BindPrompt(ctx, &authzv1.BindPromptRequest{
		RequestId: r.ID, BrowserToken: r.Browser.Reveal(), UserId: v.UserID, Epoch: v.Epoch,
	})
	return oerr.Wrap("binding the prompt", err)
}

// Complete records the decision on an authorization.
func (a Authz) Complete(ctx context.Context, c decision.Completion) (location secret.String, decided *decision.Pending, err error) {
	req := &authzv1.CompleteAuthorizationRequest{
		RequestId: c.Request.ID, BrowserToken: c.Request.Browser.Reveal(), SessionToken: c.Request.Session.Reveal(), UserId: c.UserID,
		ClientId: c.ClientID, Epoch: c.Epoch, ReportRepeat: c.ReportRepeat, RenewCode: c.RenewCode, CodeRedeemed: c.CodeRedeemed, Silent: c.Silent,
		Decision: &authzv1.CompleteAuthorizationRequest_Denial{Denial: &authzv1.Denial{}},
	}
	if c.WorkspaceID != "" {
		approval := &authzv1.Approval{
			WorkspaceId: c.WorkspaceID, DisplayName: c.DisplayName, AuthenticateTime: convert.TimeToProto(c.AuthTime),
		}
		req.Decision = &authzv1.CompleteAuthorizationRequest_Approval{Approval: approval}
		if c.Chosen != nil {
			req.Decision = &authzv1.CompleteAuthorizationRequest_PartialApproval{
				PartialApproval: &authzv1.PartialApproval{Approval: approval, Scopes: *c.Chosen},
			}
		}
	}
	res, err := a.Decisions.CompleteAuthorization(ctx, req)
	if err != nil {
		return secret.String{}, nil, fmt.Errorf("completing the authorization: %w", err)
	}
	if res.GetAuthorization() != nil {
		pending := fromAuthorization(res.GetAuthorization())
		decided = &pending
	}
	return secret.New(res.GetLocation()), decided, nil
}

// Refuse returns the error response of an authorization that must not show a page.
func (a Authz) Refuse(ctx context.Context, r decision.Request, refusal decision.Refusal) (secret.String, error) {
	res, err := a.Decisions.RefuseAuthorization(ctx, &authzv1.RefuseAuthorizationRequest{
		RequestId: r.ID, BrowserToken: r.Browser.Reveal(),
		Refusal: map[decision.Refusal]authzv1.SilentRefusal{
			decision.LoginRequired:       authzv1.SilentRefusal_SILENT_REFUSAL_LOGIN,
			decision.ConsentRequired:     authzv1.SilentRefusal_SILENT_REFUSAL_CONSENT,
			decision.InteractionRequired: authzv1.SilentRefusal_SILENT_REFUSAL_INTERACTION,
		}[refusal],
	})
	return secret.New(res.GetLocation()), oerr.Wrap("refusing the authorization", err)
}

// DescribeClients returns clients by identifier; unknown ones are left out.
func (a Authz) DescribeClients(ctx context.Context, ids []string) (map[string]connectedapp.Client, error) {
	found := make(map[string]connectedapp.Client, len(ids))
	for some := range slices.Chunk(ids, maxClients) {
		res, err := a.Clients.BatchGetClients(ctx, &authzv1.BatchGetClientsRequest{ClientIds: some})
		if err != nil {
			return nil, fmt.Errorf("reading the clients: %w", err)
		}
		for _, c := range res.GetClients() {
			found[c.GetClientId()] = connectedapp.Client{
				Name: c.GetName(), Identity: convert.AppIdentityFromProto(c.GetIdentity()), DescriptionDigest: c.GetDescriptionDigest(),
				Shared: c.GetReuse() == authzv1.Reuse_REUSE_FAMILY, Scope: c.GetScopes(),
			}
		}
	}
	return found, nil
}
