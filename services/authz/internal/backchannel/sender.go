package backchannel

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// parameter is the only one of the request.
const parameter = "logout_token"

// The statuses of a success: some frameworks replace the first by the second (§2.8).
const (
	ok        = 200
	noContent = 204
)

// Result is the result of one request.
type Result struct {
	// Status is the status of the response; 0 if there was none.
	Status int
	// Problem is why there was no response, or why it is no success; empty for a success.
	Problem string
	// Retry says that there was no response, and that another request may get one.
	Retry bool
}

// UnansweredError is a request without a response.
type UnansweredError struct {
	// Detail is for the client's author.
	Detail string
	// Final says that another request gets no response either.
	Final bool
}

// Error returns the detail.
func (e *UnansweredError) Error() string { return e.Detail }

// Finder finds clients. FindKnown requests no document, and returns client.ErrUnknown.
type Finder interface {
	FindKnown(ctx context.Context, id string) (client.Registration, error)
}

// Sender sends logout tokens.
type Sender struct {
	Clients Finder
	// Post posts a form and returns the status of the response, an *UnansweredError or ctx's error.
	Post func(ctx context.Context, address string, form url.Values) (status int, err error)
}

// Send posts a logout token to a client. It returns an error only where the client could not be looked
// up. A response is never a reason to repeat the request, whatever its status (§2.5): the client has
// the token.
func (s Sender) Send(ctx context.Context, clientID string, token secret.String) (Result, error) {
	found, err := s.Clients.FindKnown(ctx, clientID)
	switch {
	case errors.Is(err, client.ErrUnknown):
		return Result{Problem: "the client is not registered any more"}, nil
	case err != nil:
		return Result{}, fmt.Errorf("finding a client: %w", err)
	case found.Disabled:
		return Result{Problem: "the client is disabled"}, nil
	case found.LogoutURI == "":
		return Result{Problem: "the client has no backchannel_logout_uri any more"}, nil
	}
	status, err := s.Post(ctx, found.LogoutURI, url.Values{parameter: {token.Reveal()}})
	var unanswered *UnansweredError
	switch {
	case errors.As(err, &unanswered):
		return Result{Problem: unanswered.Detail, Retry: !unanswered.Final}, nil
	case err != nil:
		return Result{Problem: "the request was interrupted", Retry: true}, nil
	case status == ok || status == noContent:
		return Result{Status: status}, nil
	}
	return Result{Status: status, Problem: fmt.Sprintf("the response has status %d, and must have 200", status)}, nil
}
