package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/requestid"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/document"
	"github.com/vidocu/usher/services/authz/internal/flow"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

// Authorizations serves the browser's side of an authorization request.
type Authorizations struct {
	authzv1.UnsafeAuthorizationServiceServer

	Flow flow.Flow
}

// StartAuthorization validates a raw query and returns the next step.
func (s *Authorizations) StartAuthorization(
	ctx context.Context, req *authzv1.StartAuthorizationRequest,
) (*authzv1.StartAuthorizationResponse, error) {
	from := browser(req)
	from.Source, from.DecidesSilently = req.GetSourceAddress(), req.GetSilentConsentSupported()
	from.HTTPRequestID = requestid.From(ctx)
	if hint := req.GetIdTokenHint(); hint != nil {
		from.Hint = &flow.IDTokenHint{ClientID: hint.GetClientId(), UserID: hint.GetUserId()}
	}
	step, err := s.Flow.Start(document.WithSource(ctx, from.Source), req.GetRawQuery(), from)
	if err != nil {
		return nil, toStatus(err)
	}
	return &authzv1.StartAuthorizationResponse{Step: wire(step), UiLocales: step.UILocales}, nil
}

// ResumeAuthorization returns the next step of a pending authorization.
func (s *Authorizations) ResumeAuthorization(
	ctx context.Context, req *authzv1.ResumeAuthorizationRequest,
) (*authzv1.ResumeAuthorizationResponse, error) {
	step, err := s.Flow.Resume(ctx, req.GetRequestId(), browser(req))
	if err != nil {
		return nil, toStatus(err)
	}
	return &authzv1.ResumeAuthorizationResponse{Step: wire(step)}, nil
}

// LookUpAuthorization returns the state of a request.
func (s *Authorizations) LookUpAuthorization(
	ctx context.Context, req *authzv1.LookUpAuthorizationRequest,
) (*authzv1.LookUpAuthorizationResponse, error) {
	found, err := s.Flow.LookUp(ctx, req.GetRequestId(), browser(req))
	if err != nil {
		return nil, toStatus(err)
	}
	res := &authzv1.LookUpAuthorizationResponse{
		State: toState(found.Status), ClientName: found.ClientName, RedirectOrigin: found.Origin, LoginHint: found.LoginHint,
		ReturnLocation: found.ReturnLocation.Reveal(), Fault: found.Fault, ClientId: found.OwnedClientID,
		Device: describeDevice(found.Device),
	}
	if found.Status == flow.Open || found.Status == flow.Refused {
		res.Step, res.SignInReason = wire(found.Next), signInReason(found.Next.Reason)
	}
	res.DecideTime = convert.TimeToProto(found.DecidedAt)
	return res, nil
}

// ContinueAuthorization records that the user continues with the session's account.
func (s *Authorizations) ContinueAuthorization(
	ctx context.Context, req *authzv1.ContinueAuthorizationRequest,
) (*authzv1.ContinueAuthorizationResponse, error) {
	step, err := s.Flow.Continue(ctx, req.GetRequestId(), browser(req))
	if err != nil {
		return nil, toStatus(err)
	}
	return &authzv1.ContinueAuthorizationResponse{Step: wire(step)}, nil
}

// CancelAuthorization denies a request before a user has signed in for it.
func (s *Authorizations) CancelAuthorization(
	ctx context.Context, req *authzv1.CancelAuthorizationRequest,
) (*authzv1.CancelAuthorizationResponse, error) {
	step, err := s.Flow.Cancel(ctx, req.GetRequestId(), secret.New(req.GetBrowserToken()))
	if err != nil {
		return nil, toStatus(err)
	}
	return &authzv1.CancelAuthorizationResponse{Step: wire(step)}, nil
}

// describeDevice converts the device of a request; nil for a request with a redirect URI.
func describeDevice(d *pending.Device) *authzv1.Device {
	if d == nil {
		return nil
	}
	return &authzv1.Device{SourceAddress: d.Source, RequestTime: timestamppb.New(d.RequestedAt)}
}

func toState(f flow.Status) authzv1.AuthorizationState {
	switch f {
	case flow.Open:
		return authzv1.AuthorizationState_AUTHORIZATION_STATE_OPEN
	case flow.Expired:
		return authzv1.AuthorizationState_AUTHORIZATION_STATE_EXPIRED
	case flow.Approved:
		return authzv1.AuthorizationState_AUTHORIZATION_STATE_APPROVED
	case flow.Denied:
		return authzv1.AuthorizationState_AUTHORIZATION_STATE_DENIED
	case flow.OtherBrowser:
		return authzv1.AuthorizationState_AUTHORIZATION_STATE_OTHER_BROWSER
	case flow.OtherUser:
		return authzv1.AuthorizationState_AUTHORIZATION_STATE_OTHER_PERSON
	case flow.Refused:
		return authzv1.AuthorizationState_AUTHORIZATION_STATE_REFUSED
	case flow.Used:
		return authzv1.AuthorizationState_AUTHORIZATION_STATE_USED
	case flow.Unknown:
	}
	return authzv1.AuthorizationState_AUTHORIZATION_STATE_UNKNOWN
}

func signInReason(r flow.Reason) authzv1.SignInReason {
	switch r {
	case flow.Again:
		return authzv1.SignInReason_SIGN_IN_REASON_AGAIN
	case flow.SelectAccount:
		return authzv1.SignInReason_SIGN_IN_REASON_SELECT_ACCOUNT
	}
	return authzv1.SignInReason_SIGN_IN_REASON_UNSPECIFIED
}

// cookies are the values of the browser's cookies in a request.
type cookies interface {
	GetSessionToken() string
	GetBrowserToken() string
}

func browser(req cookies) flow.Browser {
	return flow.Browser{Session: secret.New(req.GetSessionToken()), Token: secret.New(req.GetBrowserToken())}
}

func wire(step flow.Step) *authzv1.Step {
	out := next(step)
	if step.Refusal.Cause != "" {
		out.Refusal = &authzv1.Refusal{
			Cause: oerr.Named(step.Refusal.Cause), ClientId: step.Refusal.ClientID,
			ExpectedParameter: step.Refusal.Parameter, Expected: step.Refusal.Expected, LoggedAs: step.Refusal.LoggedAs,
		}
	}
	return out
}

func next(step flow.Step) *authzv1.Step {
	switch step.Kind {
	case flow.Redirect:
		return &authzv1.Step{Next: &authzv1.Step_Redirect{Redirect: &authzv1.Redirect{Location: step.Location.Reveal()}}}
	case flow.SignIn:
		return &authzv1.Step{Next: &authzv1.Step_SignIn{SignIn: &authzv1.SignIn{RequestId: step.RequestID}}}
	case flow.Consent:
		return &authzv1.Step{Next: &authzv1.Step_Consent{Consent: &authzv1.Consent{RequestId: step.RequestID}}}
	case flow.ReturnPage:
		return &authzv1.Step{Next: &authzv1.Step_ReturnPage{ReturnPage: &authzv1.ReturnPage{RequestId: step.RequestID}}}
	case flow.SilentConsent:
		return &authzv1.Step{Next: &authzv1.Step_SilentConsent{SilentConsent: &authzv1.SilentConsent{RequestId: step.RequestID}}}
	case flow.ErrorPage:
	}
	return &authzv1.Step{Next: &authzv1.Step_ErrorPage{ErrorPage: &authzv1.ErrorPage{
		Message: step.Message, ClientName: step.ClientName, Names: step.Names, Temporary: step.Temporary,
		ClientId: step.Contact.ClientID, ClientUri: step.Contact.HomePage, Publisher: step.Contact.Publisher,
	}}}
}
