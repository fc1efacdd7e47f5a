package rpc

import (
	"context"
	"errors"

	"google.golang.org/protobuf/types/known/timestamppb"

	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/decision"
)

// Consents serves the consent screen.
type Consents struct {
	consentv1.UnsafeConsentServiceServer

	Decider decision.Decider
}

// GetPrompt returns the content of the consent screen.
func (s *Consents) GetPrompt(ctx context.Context, req *consentv1.GetPromptRequest) (*consentv1.GetPromptResponse, error) {
	prompt, err := s.Decider.GetPrompt(ctx, decision.Request{
		ID: req.GetRequestId(), Session: secret.New(req.GetSessionToken()), Browser: secret.New(req.GetBrowserToken()),
		PageInDecision: req.GetPageInDecision(),
	})
	if err != nil {
		return nil, toStatus(err)
	}
	res := &consentv1.GetPromptResponse{
		ClientName: prompt.ClientName, RedirectOrigin: prompt.RedirectOrigin,
		DisplayName: prompt.User.DisplayName, EmailAddress: prompt.User.EmailAddress,
		Scopes:     make([]*consentv1.PromptScope, len(prompt.Scopes)),
		Workspaces: make([]*consentv1.PromptWorkspace, len(prompt.User.Workspaces)),
		OneClick:   prompt.OneClick, Changes: toChanges(prompt.Changes),
		Language: prompt.User.Language, TimeZone: prompt.User.TimeZone,
		RefreshTokenLifetimeSeconds: convert.Seconds(prompt.Lifetimes.Refresh), FamilyLifetimeSeconds: convert.Seconds(prompt.Lifetimes.Family),
	}
	if prompt.Identity != nil {
		res.Identity = convert.AppIdentityToProto(*prompt.Identity)
	}
	for _, g := range prompt.Granted {
		res.Granted = append(res.Granted, &consentv1.GrantedWorkspace{WorkspaceId: g.WorkspaceID, Scopes: g.Scope})
	}
	if d := prompt.Device; d != nil {
		res.Device = &consentv1.Device{SourceAddress: d.Source, RequestTime: timestamppb.New(d.RequestedAt)}
	}
	if prompt.Page != nil {
		res.Page = &consentv1.Page{ClientId: prompt.Page.ClientID, Epoch: prompt.Page.Epoch}
	}
	for i, scope := range prompt.Scopes {
		res.Scopes[i] = &consentv1.PromptScope{Name: scope.Name, Description: scope.Description, Optional: scope.Optional}
	}
	for i, w := range prompt.User.Workspaces {
		p := prompt.Policies[w.ID]
		shown := workspace(w)
		shown.Access, shown.ApprovalRequestTime = consentv1.WorkspaceAccess(p.Access), convert.TimeToProto(p.AskedAt)
		shown.ApprovalRefused, shown.ApprovalGranted, shown.ApprovalAnswer = p.Refused, p.Granted, p.Answer
		res.Workspaces[i] = shown
	}
	return res, nil
}

// RequestApproval asks the administrators of a workspace to approve a client.
func (s *Consents) RequestApproval(
	ctx context.Context, req *consentv1.RequestApprovalRequest,
) (*consentv1.RequestApprovalResponse, error) {
	r := decision.Request{ID: req.GetRequestId(), Session: secret.New(req.GetSessionToken()), Browser: secret.New(req.GetBrowserToken())}
	return &consentv1.RequestApprovalResponse{}, toStatus(s.Decider.Ask(ctx, r, req.GetWorkspaceId(), req.GetReason()))
}

func workspace(w decision.Workspace) *consentv1.PromptWorkspace {
	return &consentv1.PromptWorkspace{WorkspaceId: w.ID, Name: w.Name, Plan: w.Plan, Role: w.Role}
}

// GetOutcome returns the user's decision.
func (s *Consents) GetOutcome(ctx context.Context, req *consentv1.GetOutcomeRequest) (*consentv1.GetOutcomeResponse, error) {
	decided, err := s.Decider.GetOutcome(ctx, decision.Request{
		ID: req.GetRequestId(), Session: secret.New(req.GetSessionToken()), Browser: secret.New(req.GetBrowserToken()),
	})
	if err != nil {
		return nil, toStatus(err)
	}
	res := &consentv1.GetOutcomeResponse{
		ClientName: decided.ClientName, RedirectOrigin: decided.RedirectOrigin, Decision: consentv1.Decision_DECISION_DENY,
		DecideTime: timestamppb.New(decided.At), CodeRedeemed: decided.Redeemed, Repeatable: decided.Repeatable,
		Language: decided.User.Language, TimeZone: decided.User.TimeZone,
	}
	if decided.Approved {
		res.Decision, res.Workspace = consentv1.Decision_DECISION_APPROVE, workspace(decided.Workspace)
	}
	return res, nil
}

// Decide records the user's decision.
func (s *Consents) Decide(ctx context.Context, req *consentv1.DecideRequest) (*consentv1.DecideResponse, error) {
	form := decision.Form{
		Request: decision.Request{
			ID: req.GetRequestId(), Session: secret.New(req.GetSessionToken()), Browser: secret.New(req.GetBrowserToken()),
		},
		Verdict: decision.Verdict(req.GetDecision()), WorkspaceID: req.GetWorkspaceId(), AnsweredBefore: req.GetAnsweredBefore(),
		SameForm: req.GetSameForm(),
	}
	if req.GetScopesChosen() {
		chosen := oauth.Scope(req.GetScopes())
		form.Chosen = &chosen
	}
	if page := req.GetPage(); page != nil {
		form.Page = &decision.Page{ClientID: page.GetClientId(), Epoch: page.GetEpoch()}
	}
	location, err := s.Decider.Decide(ctx, form)
	return &consentv1.DecideResponse{Location: location.Reveal()}, toStatus(err)
}

// DecideSilently decides a request that must not show a page.
func (s *Consents) DecideSilently(ctx context.Context, req *consentv1.DecideSilentlyRequest) (*consentv1.DecideSilentlyResponse, error) {
	r := decision.Request{ID: req.GetRequestId(), Session: secret.New(req.GetSessionToken()), Browser: secret.New(req.GetBrowserToken())}
	decided, err := s.Decider.DecideSilently(ctx, r)
	if errors.Is(err, decision.ErrSignIn) || oerr.Reason(err) == errorv1.Reason_REASON_SESSION_REQUIRED {
		decided, err = s.Decider.RefuseSilently(ctx, r, decision.LoginRequired)
	}
	if err != nil {
		return nil, toStatus(err)
	}
	return &consentv1.DecideSilentlyResponse{
		Location: decided.Location.Reveal(), ClientId: decided.ClientID,
		Cause: map[decision.Refusal]errorv1.Cause{
			decision.LoginRequired:       errorv1.Cause_CAUSE_LOGIN_REQUIRED,
			decision.ConsentRequired:     errorv1.Cause_CAUSE_CONSENT_REQUIRED,
			decision.InteractionRequired: errorv1.Cause_CAUSE_INTERACTION_REQUIRED,
		}[decided.Refusal],
	}, nil
}
