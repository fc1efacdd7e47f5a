package rpc

import (
	"context"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/flow"
)

// Authorizations serves the browser's side of an authorization request.
type Authorizations struct {
	authzv1.UnsafeAuthorizationServiceServer

	Flow flow.Flow
}

// StartAuthorization judges a raw query and answers the next step.
func (s *Authorizations) StartAuthorization(
	ctx context.Context, req *authzv1.StartAuthorizationRequest,
) (*authzv1.StartAuthorizationResponse, error) {
	from := browser(req)
	from.Source = req.GetSourceAddress()
	step, err := s.Flow.Start(ctx, req.GetRawQuery(), from)
	if err != nil {
		return nil, fail(err)
	}
	return &authzv1.StartAuthorizationResponse{Step: wire(step)}, nil
}

// ResumeAuthorization answers the next step of a pending authorization.
func (s *Authorizations) ResumeAuthorization(
	ctx context.Context, req *authzv1.ResumeAuthorizationRequest,
) (*authzv1.ResumeAuthorizationResponse, error) {
	step, err := s.Flow.Resume(ctx, req.GetRequestId(), browser(req))
	if err != nil {
		return nil, fail(err)
	}
	return &authzv1.ResumeAuthorizationResponse{Step: wire(step)}, nil
}

// cookies is what both requests carry of the browser.
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
		out.Refusal = &authzv1.Refusal{Cause: oerr.Named(step.Refusal.Cause), ClientId: step.Refusal.ClientID}
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
	case flow.ErrorPage:
	}
	return &authzv1.Step{Next: &authzv1.Step_ErrorPage{ErrorPage: &authzv1.ErrorPage{Message: step.Message}}}
}
